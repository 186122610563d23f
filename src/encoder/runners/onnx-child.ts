/**
 * Entry point of the child process that runs ONNX Runtime; see onnx-process.ts. It exits when the channel to its parent
 * closes for any reason.
 */
import { EngineError } from '../../core/errors.js';
import type { ChildReply, ChildRequest } from './child-protocol.js';
import { OnnxSession } from './onnx-session.js';

let session: OnnxSession | undefined;
let turn = Promise.resolve();

// Ctrl-C reaches the entire process group. Only the parent decides how to handle it.
process.on('SIGINT', () => undefined);

process.on('message', (request: ChildRequest) => {
  turn = turn.then(async () => {
    if (!process.connected) return; // the parent is gone, so nobody waits for the rest of the queue
    const reply = await answer(request);
    process.send?.(reply, undefined, undefined, () => undefined); // fails only if the parent is gone by now
  });
});

async function answer(request: ChildRequest): Promise<ChildReply> {
  try {
    if (request.type === 'load') {
      session = await OnnxSession.load(request.settings);
      return { type: 'loaded' };
    }
    if (!session)
      throw new EngineError('ERR_INTERNAL', 'The encoder process received a batch before its model was loaded');
    return { type: 'encoded', embeddings: await session.run(request) };
  } catch (error) {
    if (error instanceof EngineError) return { type: 'failed', code: error.code, message: error.message };
    return {
      type: 'failed',
      code: 'ERR_INTERNAL',
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}
