/** Entry of the process that prepares and measures one benchmark; see child-process.ts. It ends with its parent. */
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';

import type { BenchmarkModule } from '../benchmark.js';
import { messageOf } from '../errors.js';
import { kindOfSuite } from '../suites/kinds.js';
import { loadSuite } from '../suites/load-suite.js';
import { describe, Measurement } from './measurement.js';
import type { ChildReply, ChildRequest } from './protocol.js';

let measurement: Measurement | undefined;
/** By the names of the benchmarks. */
const toCount = new Map<string, Measurement>();
let turn = Promise.resolve();

// Ctrl-C reaches the entire process group; the parent decides what to do.
process.on('SIGINT', () => undefined);

process.on('message', (request: ChildRequest) => {
  turn = turn.then(async () => {
    const reply = await answer(request).catch(
      (error: unknown): ChildReply => ({ type: 'failed', message: messageOf(error) }),
    );
    process.send?.(reply, undefined, undefined, () => undefined); // fails only if the parent has ended
  });
});

async function answer(request: ChildRequest): Promise<ChildReply> {
  if (request.type === 'list') {
    const { module, file, root } = request;
    const { benchmarks } = await load({ module, root, project: root });
    return { type: 'listed', benchmarks: benchmarks.map((one) => describe(one, { file, module, project: root })) };
  }
  if (request.type === 'prepare') {
    const { name, root, peer } = request;
    await measurement?.close();
    measurement = await Measurement.prepare(await load(request), name, root, peer);
    return { type: 'prepared', seconds: await measurement.warmUp() };
  }
  if (request.type === 'prepare count') {
    const { name, root } = request;
    const prepared = await Measurement.prepare(await load(request), name, root, false);
    toCount.set(name, prepared);
    return { type: 'prepared count' };
  }
  if (request.type === 'warm up to count') {
    await preparedToCount(request.name).warmUpToCount();
    return { type: 'warmed up to count' };
  }
  if (request.type === 'count') {
    const { name, root, requests, outFile } = request;
    const prepared = preparedToCount(name);
    toCount.delete(name);
    return { type: 'counted', ...(await prepared.count(root, requests, outFile)) };
  }
  if (!measurement) throw new Error('No benchmark was prepared');
  if (request.type === 'sample') return { type: 'sampled', ...(await measurement.sample(request)) };
  return { type: 'finished', ...(await measurement.finish(request.root)) };
}

function preparedToCount(name: string): Measurement {
  const prepared = toCount.get(name);
  if (!prepared) throw new Error(`${name} was not prepared to be counted`);
  return prepared;
}

interface Place {
  module: string;
  project: string;
  root: string;
}

async function load({ module, project, root }: Place): Promise<BenchmarkModule> {
  if (kindOfSuite(await readFile(module, 'utf8')) !== undefined)
    return loadSuite({ file: module, project, revision: root });
  const loaded = (await import(pathToFileURL(module).href)) as Partial<BenchmarkModule>;
  if (!Array.isArray(loaded.benchmarks)) throw new Error(`${module} does not export "benchmarks"`);
  return loaded as BenchmarkModule;
}
