/**
 * VectorIndex beside plain libfaiss (the same library with its own distance code and graph construction), and beside the
 * exact answer: recall is measured before anything is timed.
 *
 * Data: normal vectors, where nothing is near anything (the hardest case for a graph), and clustered ones, which are
 * like embeddings of texts. BENCH_EMBEDDINGS names a raw float32 file of real embeddings with 384 entries a row.
 */
import { readFileSync } from 'node:fs';

import { VectorIndex, type Metric } from '../../src/search/vector-index.js';
import { randomClusters, randomNormal } from '../../test/support/random.js';
import { compare, type ComparisonResult } from '../support/compare.js';
import { report } from '../support/report.js';

const DIM = 384;
const ROWS = 20_000;
const QUERIES = 1000;
const K = 10;
const METRIC: Metric = 'ip';

interface Data {
  name: string;
  base: Float32Array;
  queries: Float32Array;
}

function split(name: string, all: Float32Array): Data {
  return { name, base: all.subarray(0, ROWS * DIM), queries: all.subarray(ROWS * DIM, (ROWS + QUERIES) * DIM) };
}

function* dataSets(): Generator<Data> {
  const file = process.env['BENCH_EMBEDDINGS'];
  if (file !== undefined) {
    const bytes = readFileSync(file);
    yield split('real', new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4));
  }
  yield split('clusters', randomClusters(ROWS + QUERIES, DIM, 500, 1));
  yield split('normal', randomNormal((ROWS + QUERIES) * DIM, 2));
}

async function build(factory: string, base: Float32Array, plain: boolean): Promise<VectorIndex> {
  const index = await VectorIndex.create({ dim: DIM, metric: METRIC, factory, ...{ plain } });
  await index.train(base);
  await index.add(base);
  return index;
}

function hits(labels: Int32Array, truth: Int32Array): number {
  let found = 0;
  for (let i = 0; i < labels.length; i += K) {
    const expected = new Set(truth.subarray(i, i + K));
    for (const label of labels.subarray(i, i + K)) found += expected.has(label) ? 1 : 0;
  }
  return found / labels.length;
}

const results: ComparisonResult[] = [];
const recalls: Record<string, unknown>[] = [];

for (const { name, base, queries } of dataSets()) {
  const flat = await build('Flat', base, false);
  const truth = (await flat.search(queries, K)).labels;
  const cases = [
    { factory: 'HNSW32', settings: [16, 64, 256].map((efSearch) => ({ efSearch })) },
    { factory: 'IVF256,Flat', settings: [{ nprobe: 16 }] },
    { factory: 'IVF256,SQ8', settings: [{ nprobe: 16 }] },
    { factory: 'SQ8', settings: [{}] },
  ];
  for (const { factory, settings } of cases) {
    const ours = await build(factory, base, false);
    const theirs = await build(factory, base, true);
    for (const params of settings) {
      const recall = hits((await ours.search(queries, K, params)).labels, truth);
      const plainRecall = hits((await theirs.search(queries, K, params)).labels, truth);
      recalls.push({ data: name, factory, ...params, recall, plainRecall });
      console.log(`${name} ${factory} ${JSON.stringify(params)}: recall@${K} ${recall.toFixed(4)}, plain ${plainRecall.toFixed(4)}`);
      if (recall < plainRecall - 0.01) throw new Error('Recall is lower than that of plain FAISS: the speed means nothing');
    }
    if (factory === 'HNSW32') {
      results.push(
        await compare({
          name: `index/build/${factory}/${name}`,
          sizes: { rows: ROWS, dim: DIM },
          subject: { name: 'VectorIndex', run: () => build(factory, base, false) },
          peer: { name: 'plain libfaiss', run: () => build(factory, base, true) },
          work: { unit: 'vectors', subject: ROWS, peer: ROWS },
          target: 8,
          rounds: 3,
        }),
      );
    }
    for (const params of settings) {
      results.push(
        await compare({
          name: `index/search/${factory}/${name}`,
          sizes: { rows: ROWS, dim: DIM, queries: QUERIES, k: K, ...params },
          subject: { name: 'VectorIndex', run: () => ours.search(queries, K, params) },
          peer: { name: 'plain libfaiss', run: () => theirs.search(queries, K, params) },
          work: { unit: 'queries', subject: QUERIES, peer: QUERIES },
          target: 1,
        }),
      );
    }
    await ours.dispose();
    await theirs.dispose();
  }
  await flat.dispose();
}
report('index', results, { recalls });
