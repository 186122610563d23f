import type { IncomingMessage } from 'node:http';

import { EngineError } from '../core/errors.js';
import { ApiError } from './api-error.js';
import type { HeldBytes } from './byte-budget.js';
import { turns } from './turns.js';

const FIRST_CAPACITY = 4096;
/** Bytes after which a request waits for a turn of the event loop before it reads more. */
const TURN_BYTES = 64 * 2 ** 10;

export interface BodyOptions {
  /** Largest number of bytes. */
  limit: number;
  /** Counts the bytes against the budget. */
  held: HeldBytes;
  /** Looks at every piece of the body; what it throws refuses the body. */
  inspect?: (piece: Buffer) => void;
}

/**
 * Reads the body of a request. After a refusal, the rest of the body is read and dropped, so that the client reads the
 * response instead of failing to write.
 *
 * @throws ApiError `body_too_large`; OverloadedError if there is no room for it; errors of `inspect`; `bad_request` if
 *   the client leaves
 */
export async function readBody(request: IncomingMessage, { limit, held, inspect }: BodyOptions): Promise<Buffer> {
  expectAtMost(limit, Number(request.headers['content-length'] ?? 0));
  // The pieces are copied, because a client can make each of them a single byte, and a Buffer object takes a hundred.
  let bytes = Buffer.alloc(0);
  let length = 0;
  try {
    for await (const piece of piecesOf(request)) {
      expectAtMost(limit, length + piece.length);
      held.add(piece.length);
      inspect?.(piece);
      if (length + piece.length > bytes.length) {
        const capacity = Math.max(FIRST_CAPACITY, length + piece.length, Math.min(limit, 2 * bytes.length));
        const larger = Buffer.allocUnsafeSlow(capacity);
        bytes.copy(larger, 0, 0, length);
        bytes = larger;
      }
      piece.copy(bytes, length);
      length += piece.length;
    }
    return bytes.subarray(0, length);
  } catch (error) {
    void drop(request);
    if (error instanceof ApiError || error instanceof EngineError) throw error;
    throw new ApiError('bad_request', 'The client left before its body was complete');
  }
}

/**
 * The pieces of a body. Node would read up to two megabytes of every connection per turn of the event loop, and many
 * large bodies would delay everything else.
 */
async function* piecesOf(request: IncomingMessage): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    yield piece;
    bytes += piece.length;
    if (bytes < TURN_BYTES) continue;
    bytes = 0;
    await turns.next();
  }
}

async function drop(request: IncomingMessage): Promise<void> {
  try {
    const pieces = piecesOf(request);
    while (!(await pieces.next()).done);
  } catch {
    // The client has left.
  }
}

function expectAtMost(limit: number, bytes: number): void {
  if (bytes > limit) throw new ApiError('body_too_large', `Expected a body of at most ${limit} bytes`);
}
