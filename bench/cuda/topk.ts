/**
 * Compares exact search of the 50 best of a million rows on the device with torch.topk of products with the same rows,
 * in float32, whose scores are rounded, and in bf16, which finds other rows. Queries and results are on the host.
 */
import type { Benchmark } from '../../packages/bench-gate/src/benchmark.js';
import type { SearchResult } from '../../src/native/search-result.js';
import { seededRandom } from '../../test/support/random.js';
import { checkScores } from '../support/check-scores.js';
import { openEngine } from '../support/engine.js';
import { wantedSize } from './sizes.js';
import { TORCH, TorchPeer } from './torch-peer.js';

export { environment } from '../support/engine.js';

const K = 50;
/** Tolerance of scores, which are around 10. */
const TOLERANCE = { f32: 1e-4, bf16: 0.2 };

interface Case {
  queryRows: number;
  precision?: 'f32' | 'bf16';
}
const size = wantedSize({ full: { rows: 1_000_000, dim: 768, many: 1000 }, small: { rows: 5000, dim: 64, many: 20 } });

export const benchmarks: Benchmark[] =
  size === undefined ? [] : cases(size.many).map((entry) => benchmark(size.rows, size.dim, entry));

function cases(many: number): Case[] {
  if (TORCH === undefined) return [{ queryRows: many }, { queryRows: 1 }];
  return [
    { queryRows: many, precision: 'f32' },
    { queryRows: many, precision: 'bf16' },
    { queryRows: 1, precision: 'f32' },
  ];
}

function benchmark(rows: number, dim: number, { queryRows, precision }: Case): Benchmark {
  let made: { base: Float32Array; queries: Float32Array } | undefined;
  const input = () => (made ??= { base: uniform(rows * dim, 1), queries: uniform(queryRows * dim, 2) });
  return {
    name: ['cuda/topk', `${rows}x${dim}`, `${queryRows}-queries`, ...(precision === undefined ? [] : [precision])].join(
      '/',
    ),
    sizes: { rows, dim, queries: queryRows, k: K },
    subject: 'SimilarityBase.search',
    only: 'run',
    work: { unit: 'queries', subject: queryRows, peer: queryRows },
    prepare: async (revision) => {
      const { SimilarityBase } = await openEngine(revision);
      const { base, queries } = input();
      const prepared = await SimilarityBase.create({ base, dim, metric: 'ip' });
      const run = () => prepared.search(queries, { k: K });
      checkScores(await run(), base, queries, dim, K);
      return { run, details: () => ({ storage: prepared.storage }), close: () => prepared.dispose() };
    },
    ...(precision === undefined
      ? {}
      : {
          peer: {
            name: `PyTorch ${TORCH!} ${precision}`,
            prepare: async (_, subject) => {
              const sample = Array.from({ length: Math.min(8, queryRows) }, (_, i) => i);
              const peer = await TorchPeer.start<{ scores: number[][] }>(
                { operation: 'topK', k: K, precision, dim, sample },
                input(),
              );
              checkAgreement((await subject.run()) as SearchResult, peer.results.scores, TOLERANCE[precision]);
              return peer;
            },
          },
        }),
  };
}

/** Draws entries from -0.5 to 0.5. It must be fast, because there are almost a billion. */
function uniform(length: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  const x = new Float32Array(length);
  for (let i = 0; i < length; i++) x[i] = random() - 0.5;
  return x;
}

function checkAgreement(ours: SearchResult, torch: readonly number[][], tolerance: number): void {
  torch.flat().forEach((score, i) => {
    if (!(Math.abs(ours.distances[i]! - score) < tolerance))
      throw new Error(`Rank ${i % K}: the score is ${ours.distances[i]!}, PyTorch's is ${score}`);
  });
}
