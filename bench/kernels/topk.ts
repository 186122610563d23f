/**
 * similarityTopK against a flat FAISS index (plain libfaiss on OpenBLAS), both exact. The index is filled beforehand, while
 * similarityTopK converts the base anew in every run; the prepared base is the counterpart of the index.
 *
 * UNIVAR_SIMD=AVX2 limits only our side: set OPENBLAS_CORETYPE=Haswell as well for FAISS's AVX2 kernels.
 */
import { capabilities } from '../../src/native/capabilities.js';
import { SimilarityBase, type TopK } from '../../src/native/similarity-base.js';
import { similarityTopK } from '../../src/native/top-k.js';
import { VectorIndex, type SearchResult } from '../../src/search/vector-index.js';
import { randomNormal, randomUnitRows } from '../../test/support/random.js';
import { compare, type ComparisonResult } from '../support/compare.js';
import { report } from '../support/report.js';

const [ROWS, DIM, QUERIES, K] = [100_000, 384, 1000, 50];
const TARGET = capabilities().simd.startsWith('AVX3') ? 1.3 : 1;
const results: ComparisonResult[] = [];

for (const [data, make] of Object.entries({ uniform: randomUnitRows, clustered: clusteredRows })) {
  const base = make(ROWS, DIM, 1);
  const queries = make(QUERIES, DIM, 2);
  const options = { queries, queryRows: QUERIES, base, baseRows: ROWS, dim: DIM, k: K, metric: 'ip' } as const;
  const index = await VectorIndex.create(plainFaiss());
  await index.add(base);
  const prepared = await SimilarityBase.create({ base, baseRows: ROWS, dim: DIM, metric: 'ip' });
  const expected = await index.search(queries, K);
  check(await similarityTopK(options), expected);
  check(await prepared.topK(queries, QUERIES, K), expected);

  const peer = (count: number) => ({
    name: 'FAISS IndexFlatIP',
    run: () => index.search(queries.subarray(0, count * DIM), K),
  });
  const sizes = { rows: ROWS, dim: DIM, queries: QUERIES, k: K };
  results.push(
    await compare({
      name: `topk/${data}/one-shot`,
      sizes,
      subject: { name: 'similarityTopK', run: () => similarityTopK(options) },
      peer: peer(QUERIES),
      target: TARGET,
    }),
    await compare({
      name: `topk/${data}/prepared-${prepared.storage}`,
      sizes,
      subject: { name: 'SimilarityBase.topK', run: () => prepared.topK(queries, QUERIES, K) },
      peer: peer(QUERIES),
      target: TARGET,
    }),
    await compare({
      name: `topk/${data}/prepared-${prepared.storage}/one-query`,
      sizes: { ...sizes, queries: 1 },
      subject: { name: 'SimilarityBase.topK', run: () => prepared.topK(queries.subarray(0, DIM), 1, K) },
      peer: peer(1),
      rounds: 31,
    }),
  );
  await prepared.dispose();
  await index.dispose();
}
report('topk', results);

function plainFaiss() {
  return { dim: DIM, metric: 'ip', factory: 'Flat', plain: true } as const;
}

/** Unit rows around 2,000 centres that are the same for every seed: neighbours are close, as with embeddings of text. */
function clusteredRows(rows: number, dim: number, seed: number): Float32Array {
  const centres = randomUnitRows(2000, dim, 7);
  const noise = randomNormal(rows * dim, seed);
  const x = noise.map((value, t) => centres[((Math.floor(t / dim) * 7919) % 2000) * dim + (t % dim)]! + (0.5 * value) / Math.sqrt(dim));
  for (let i = 0; i < rows; i++) {
    const row = x.subarray(i * dim, (i + 1) * dim);
    const norm = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    for (let t = 0; t < dim; t++) row[t]! /= norm;
  }
  return x;
}

/** The same rows in the same order, except where FAISS's float32 scores cannot tell them apart. */
function check(actual: TopK, expected: SearchResult): void {
  actual.indices.forEach((row, i) => {
    const difference = Math.abs(actual.scores[i]! - expected.distances[i]!);
    if (difference > 1e-6) throw new Error(`Rank ${i}: score ${actual.scores[i]!} instead of ${expected.distances[i]!}`);
    const neighbours = [i - 1, i + 1].map((j) => Math.abs(expected.distances[j]! - expected.distances[i]!));
    if (row !== expected.labels[i] && !neighbours.some((gap) => gap < 1e-6)) {
      throw new Error(`Rank ${i}: row ${row} instead of ${expected.labels[i]!}`);
    }
  });
}
