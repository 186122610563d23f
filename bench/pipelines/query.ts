/**
 * Compares the latency of single queries from 1 and from 16 concurrent callers with the same calls of plain libfaiss.
 * Each caller sends its next query after the answer to the last one. p50 and p99 are in the details of a result.
 */
import type { Benchmark, Revision, Subject } from '../../packages/bench-gate/src/benchmark.js';
import { quantile } from '../../packages/bench-gate/src/timing/statistics.js';
import type { VectorIndex } from '../../src/search/vector-index.js';
import { randomClusters } from '../../test/support/random.js';
import { ONE_THREAD, openEngine } from '../support/engine.js';

export { environment } from '../support/engine.js';

const DIM = 384;
const K = 10;
const DIFFERENT_QUERIES = 512;
const SIZES = { run: { rows: 20_000, queries: 1024 }, check: { rows: 1000, queries: 64 } };

interface Size {
  rows: number;
  queries: number;
}

async function makeSubject(
  revision: Revision,
  { rows, queries }: Size,
  callers: number,
  plain: boolean,
): Promise<Subject> {
  const { VectorIndex } = await openEngine(revision);
  const all = randomClusters(rows + DIFFERENT_QUERIES, DIM, 500, 1);
  const index = await VectorIndex.create({ dim: DIM, metric: 'ip', factory: 'HNSW32', ...{ plain } });
  await index.add(all.subarray(0, rows * DIM));
  const query = (i: number): Float32Array =>
    all.subarray((rows + (i % DIFFERENT_QUERIES)) * DIM, (rows + (i % DIFFERENT_QUERIES) + 1) * DIM);
  await check(index, all.subarray(0, DIM));

  const latencies: number[] = [];
  const run = async (): Promise<void> => {
    let next = 0;
    const caller = async (): Promise<void> => {
      while (next < queries) {
        const mine = query(next++);
        const begin = performance.now();
        await index.search(mine, { k: K });
        latencies.push((performance.now() - begin) / 1000);
      }
    };
    await Promise.all(Array.from({ length: callers }, caller));
  };
  const prefix = plain ? 'peer' : 'subject';
  return {
    run,
    details: () => ({
      [`${prefix}P50Seconds`]: quantile(latencies, 0.5),
      [`${prefix}P99Seconds`]: quantile(latencies, 0.99),
    }),
    close: () => index.dispose(),
  };
}

/** Checks that a vector of the index finds itself. */
async function check(index: VectorIndex, first: Float32Array): Promise<void> {
  const { labels } = await index.search(first, { k: K });
  if (!labels.includes(0)) throw new Error('A vector of the index does not find itself');
}

function benchmark(callers: number, only: 'run' | 'check'): Benchmark {
  const size = SIZES[only];
  return {
    name: `query/${callers}-callers${only === 'check' ? '/small' : ''}`,
    sizes: { ...size, dim: DIM, k: K, callers },
    subject: 'VectorIndex.search',
    only,
    ...(only === 'check' ? { env: ONE_THREAD } : {}),
    work: { unit: 'queries', subject: size.queries, peer: size.queries },
    prepare: (revision) => makeSubject(revision, size, callers, false),
    peer: { name: 'plain libfaiss', prepare: (revision) => makeSubject(revision, size, callers, true) },
  };
}

export const benchmarks: Benchmark[] = (['run', 'check'] as const).flatMap((only) =>
  [1, 16].map((callers) => benchmark(callers, only)),
);
