/**
 * Opens one saved index in a separate process, measures recall and latency for each search setting, and prints JSON.
 *
 *   tsx bench/lookups/search-child.ts '{"kind": ..., "path": ..., "settings": [...], ...}'
 */
import { readFileSync } from 'node:fs';

import { quantile } from '../../src/benchmarking/statistics.js';
import { VectorIndex } from '../../src/search/vector-index.js';
import type { CurvePoint, SearchReport, SearchRequest } from './report.js';
import { openUsearch } from './usearch.js';

type Search = (queries: Float32Array, k: number) => Promise<ArrayLike<number | bigint>>;

const request = JSON.parse(process.argv[2]!) as SearchRequest;
const { dim, k } = request;
const queries = new Float32Array(new Uint8Array(readFileSync(request.queries)).buffer);
const truth = new Int32Array(new Uint8Array(readFileSync(request.truth)).buffer);
const count = queries.length / dim;
const query = (i: number): Float32Array => queries.subarray(i * dim, (i + 1) * dim);

async function open(): Promise<(setting: number) => Search> {
  if (request.engine === 'usearch') {
    const index = await openUsearch();
    return (setting) => {
      const opened = index.view(request.path, { dim, quantization: request.quantization!, expansion: setting });
      return (rows, wanted) => Promise.resolve(opened(rows, wanted));
    };
  }
  const options = { map: request.mapped, ...(request.engine === 'libfaiss' && { plain: true }) };
  const index = await VectorIndex.load(request.path, options);
  return (setting) => async (rows, wanted) =>
    (
      await index.search(rows, {
        k: wanted,
        [request.parameter]: setting,
        ...(request.rerank && { rerank: request.rerank }),
      })
    ).labels;
}

function recallOf(labels: ArrayLike<number | bigint>): number {
  let found = 0;
  for (let i = 0; i < count; i++) {
    const expected = new Set(truth.subarray(i * k, (i + 1) * k));
    for (let j = 0; j < k; j++) found += expected.has(Number(labels[i * k + j])) ? 1 : 0;
  }
  return found / truth.length;
}

const begin = performance.now();
const searchWith = await open();
const openSeconds = (performance.now() - begin) / 1000;
const points: CurvePoint[] = [];
// The first search reads the pages of a mapped file from the disk.
const warm = searchWith(request.settings.at(-1)!);
for (let i = 0; i < count; i++) await warm(query(i), k);
for (const setting of request.settings) {
  const search = searchWith(setting);
  const recall = recallOf(await search(queries, k));
  const milliseconds: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await search(query(i), k);
    milliseconds.push(performance.now() - start);
  }
  const start = performance.now();
  await search(queries, k);
  const queriesPerSecond = count / ((performance.now() - start) / 1000);
  points.push({
    setting,
    recall,
    p50Ms: quantile(milliseconds, 0.5),
    p99Ms: quantile(milliseconds, 0.99),
    queriesPerSecond,
  });
}
process.stdout.write(
  JSON.stringify({ openSeconds, residentBytes: process.memoryUsage().rss, points } satisfies SearchReport),
);
process.exit(0);
