/** Entry of the process that prepares and measures one benchmark; see child-process.ts. It ends with its parent. */
import { pathToFileURL } from 'node:url';

import type { BenchmarkModule } from './benchmark.js';
import { loadClientRequests } from './counting/client-requests.js';
import { describe, Measurement } from './measurement.js';
import type { ChildReply, ChildRequest } from './protocol.js';

let measurement: Measurement | undefined;
let turn = Promise.resolve();

// Ctrl-C reaches the entire process group; the parent decides what to do.
process.on('SIGINT', () => undefined);

process.on('message', (request: ChildRequest) => {
  turn = turn.then(async () => {
    const reply = await answer(request).catch(
      (error: unknown): ChildReply => ({ type: 'failed', message: describeError(error) }),
    );
    process.send?.(reply, undefined, undefined, () => undefined); // fails only if the parent has ended
  });
});

async function answer(request: ChildRequest): Promise<ChildReply> {
  if (request.type === 'list') {
    const { benchmarks } = await load(request.file);
    return { type: 'listed', benchmarks: benchmarks.map((benchmark) => describe(benchmark, request.file)) };
  }
  if (request.type === 'prepare') {
    measurement = await Measurement.prepare(await load(request.file), request.name, request.root, request.peer);
    return { type: 'prepared', seconds: await measurement.warmUp() };
  }
  if (request.type === 'count') {
    const { file, name, root, requests, outFile } = request;
    const counting = await Measurement.prepare(await load(file), name, root, false);
    return { type: 'counted', ...(await counting.count(root, loadClientRequests(requests), outFile)) };
  }
  if (!measurement) throw new Error('No benchmark was prepared');
  if (request.type === 'sample')
    return { type: 'sampled', seconds: await measurement.sample(request.who, request.iterations) };
  return { type: 'finished', ...(await measurement.finish(request.root)) };
}

async function load(file: string): Promise<BenchmarkModule> {
  const module = (await import(pathToFileURL(file).href)) as Partial<BenchmarkModule>;
  if (!Array.isArray(module.benchmarks)) throw new Error(`${file} does not export "benchmarks"`);
  return module as BenchmarkModule;
}

function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
