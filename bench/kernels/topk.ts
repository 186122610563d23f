/**
 * Compares similarityTopK with a flat FAISS index (plain libfaiss on OpenBLAS); both are exact. The index is filled in
 * advance, but similarityTopK converts the base in every run. The prepared base is the counterpart of the index.
 *
 * UNIVAR_SIMD=AVX2 limits only our side: also set OPENBLAS_CORETYPE=Haswell for FAISS's AVX2 kernels.
 */
import type { Benchmark, Subject } from '../../packages/bench-gate/src/benchmark.js';
import type { SearchResult } from '../../src/native/search-result.js';
import { randomNormal, randomUnitRows } from '../../test/support/random.js';
import { checkScores } from '../support/check-scores.js';
import { countWork, ONE_THREAD, openEngine, TWO_THREADS } from '../support/engine.js';

export { environment } from '../support/engine.js';

const DIM = 384;
const K = 50;
const TARGET = 1.3; // on AVX-512; the target on AVX2 is 1

const sizesOf = { run: { rows: 100_000, queries: 1000 }, check: { rows: 2000, queries: 100 } } as const;
const makers = { uniform: randomUnitRows, clustered: clusteredRows } as const;

interface Case {
  name: string;
  only: 'run' | 'check';
  rows: number;
  queries: number;
  data: keyof typeof makers;
  /** The base is converted once, before the search. */
  prepared: boolean;
}

export const benchmarks: Benchmark[] = cases().map(({ name, only, rows, queries, data, prepared }) => {
  const make = () => ({ base: makers[data](rows, DIM, 1), queries: makers[data](queries, DIM, 2) });
  return {
    name,
    sizes: { rows, dim: DIM, queries, k: K },
    subject: prepared ? 'SimilarityBase.search' : 'similarityTopK',
    only,
    ...(only === 'check' ? { env: ONE_THREAD } : {}),
    ...(name === 'topk/uniform/prepared/small' ? { scaling: TWO_THREADS } : {}),
    ...(queries === 1 ? { rounds: 31 } : { target: TARGET }),
    work: { unit: 'queries', subject: queries, peer: queries },
    prepare: async (revision): Promise<Subject> => {
      const engine = await openEngine(revision);
      const input = make();
      const search = {
        queries: input.queries,
        base: input.base,
        dim: DIM,
        k: K,
        metric: 'ip',
      } as const;
      const base = prepared
        ? await engine.SimilarityBase.create({ base: input.base, dim: DIM, metric: 'ip' })
        : undefined;
      const run = () => (base ? base.search(input.queries, { k: K }) : engine.similarityTopK(search));
      checkScores(await run(), input.base, input.queries, DIM, K);
      return {
        run,
        counters: () => countWork(engine, run),
        details: () => ({ storage: base?.storage ?? 'chosen per call' }),
        close: () => base?.dispose(),
      };
    },
    peer: {
      name: 'FAISS IndexFlatIP',
      prepare: async (revision, subject): Promise<Subject> => {
        const { VectorIndex } = await openEngine(revision);
        const input = make();
        const index = await VectorIndex.create(plainFaiss());
        await index.add(input.base);
        checkAgreement((await subject.run()) as SearchResult, await index.search(input.queries, { k: K }));
        return { run: () => index.search(input.queries, { k: K }), close: () => index.dispose() };
      },
    },
  };
});

function cases(): Case[] {
  const all = (['run', 'check'] as const).flatMap((only) =>
    (['uniform', 'clustered'] as const).flatMap((data) => {
      const { rows, queries } = sizesOf[only];
      const common = { only, rows, queries, data };
      const name = (what: string): string => `topk/${data}/${what}${only === 'check' ? '/small' : ''}`;
      return [
        { ...common, name: name('one-shot'), prepared: false },
        { ...common, name: name('prepared'), prepared: true },
        { ...common, name: name('prepared/one-query'), prepared: true, queries: 1 },
      ];
    }),
  );
  // Saves time in a check, where the small base costs the same with both kinds of data.
  return all.filter(({ data, only }) => data === 'uniform' || only === 'run');
}

/** `plain` is not part of the public options. */
function plainFaiss() {
  return { dim: DIM, metric: 'ip', factory: 'Flat', plain: true } as const;
}

/**
 * Draws unit rows around 2,000 centres, which are the same for every seed. Neighbours are close, as in embeddings of
 * text.
 */
function clusteredRows(rows: number, dim: number, seed: number): Float32Array {
  const centres = randomUnitRows(2000, dim, 7);
  const noise = randomNormal(rows * dim, seed);
  const x = noise.map(
    (value, t) => centres[((Math.floor(t / dim) * 7919) % 2000) * dim + (t % dim)]! + (0.5 * value) / Math.sqrt(dim),
  );
  for (let i = 0; i < rows; i++) {
    const row = x.subarray(i * dim, (i + 1) * dim);
    const norm = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    for (let t = 0; t < dim; t++) row[t]! /= norm;
  }
  return x;
}

/** Expects the same rows in the same order, unless FAISS's float32 scores cannot distinguish them. */
function checkAgreement(actual: SearchResult, expected: SearchResult): void {
  actual.labels.forEach((row, i) => {
    const difference = Math.abs(actual.distances[i]! - expected.distances[i]!);
    if (difference > 1e-6)
      throw new Error(`Rank ${i}: score ${actual.distances[i]!} instead of ${expected.distances[i]!}`);
    const neighbours = [i - 1, i + 1].map((j) => Math.abs(expected.distances[j]! - expected.distances[i]!));
    if (row !== expected.labels[i] && !neighbours.some((gap) => gap < 1e-6)) {
      throw new Error(`Rank ${i}: row ${row} instead of ${expected.labels[i]!}`);
    }
  });
}
