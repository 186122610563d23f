/**
 * Compares VectorIndex with plain libfaiss (the same library with its own distance code and graph construction), and
 * with the exact result: recall is measured before anything is timed.
 *
 * Data: normal vectors, which have no near neighbours (the hardest case for a graph), and clustered vectors, which
 * resemble embeddings of texts. BENCH_EMBEDDINGS names a raw float32 file of real embeddings with 384 entries per row.
 */
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import type { Benchmark, Revision, Subject } from '../../packages/bench-gate/src/benchmark.js';
import type { IndexQueryOptions } from '../../src/search/index-options.js';
import type { VectorIndex } from '../../src/search/vector-index.js';
import { randomClusters, randomNormal } from '../../test/support/random.js';
import { ONE_THREAD, openEngine } from '../support/engine.js';

export { environment } from '../support/engine.js';

const DIM = 384;
const K = 10;
const EMBEDDINGS = process.env['BENCH_EMBEDDINGS'];

type DataName = 'real' | 'clusters' | 'normal';

interface Size {
  rows: number;
  queries: number;
}
const FULL: Size = { rows: 20_000, queries: 1000 };
const SMALL: Size = { rows: 1000, queries: 50 };

interface Data {
  base: Float32Array;
  queries: Float32Array;
}

function makeData(name: DataName, { rows, queries }: Size): Data {
  const all = allRows(name, rows + queries);
  return { base: all.subarray(0, rows * DIM), queries: all.subarray(rows * DIM, (rows + queries) * DIM) };
}

function allRows(name: DataName, rows: number): Float32Array {
  if (name === 'clusters') return randomClusters(rows, DIM, 500, 1);
  if (name === 'normal') return randomNormal(rows * DIM, 2);
  const bytes = readFileSync(EMBEDDINGS!);
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

async function build(revision: Revision, factory: string, base: Float32Array, plain: boolean): Promise<VectorIndex> {
  const { VectorIndex } = await openEngine(revision);
  const index = await VectorIndex.create({ dim: DIM, metric: 'ip', factory, ...{ plain } });
  await index.train(base);
  await index.add(base);
  return index;
}

/** Returns the share of the exact K nearest that the index finds. */
async function recall(
  revision: Revision,
  index: VectorIndex,
  { base, queries }: Data,
  params: Params,
): Promise<number> {
  const flat = await build(revision, 'Flat', base, false);
  const truth = (await flat.search(queries, { k: K })).labels;
  await flat.dispose();
  const { labels } = await index.search(queries, { k: K, ...params });
  let found = 0;
  for (let i = 0; i < labels.length; i += K) {
    const expected = new Set(truth.subarray(i, i + K));
    for (const label of labels.subarray(i, i + K)) found += expected.has(label) ? 1 : 0;
  }
  return found / labels.length;
}

type Params = Pick<IndexQueryOptions, 'efSearch' | 'nprobe'>;

interface SearchCase {
  factory: string;
  params: Params;
  /**
   * Minimum recall on clustered data of the small size. A lower recall means that the index is broken, not that it is
   * fast.
   */
  leastRecall: number;
}

const searchCases: SearchCase[] = [
  ...[16, 64, 256].map((efSearch) => ({ factory: 'HNSW32', params: { efSearch }, leastRecall: 0.3 })),
  { factory: 'IVF256,Flat', params: { nprobe: 16 }, leastRecall: 0.3 },
  { factory: 'IVF256,SQ8', params: { nprobe: 16 }, leastRecall: 0.3 },
  { factory: 'SQ8', params: {}, leastRecall: 0.9 },
];

function searchBenchmark(
  { factory, params, leastRecall }: SearchCase,
  data: DataName,
  only: 'run' | 'check',
): Benchmark {
  const size = only === 'run' ? FULL : SMALL;
  const setting = Object.entries(params)
    .map(([name, value]) => `/${name}=${String(value)}`)
    .join('');
  const measuredRecall = { univar: NaN, plain: NaN };
  return {
    name: `index/search/${factory}${setting}/${data}${only === 'check' ? '/small' : ''}`,
    sizes: { ...size, dim: DIM, k: K, ...params },
    subject: 'VectorIndex',
    only,
    ...(only === 'check' ? { env: ONE_THREAD } : {}),
    work: { unit: 'queries', subject: size.queries, peer: size.queries },
    target: 1,
    prepare: async (revision): Promise<Subject> => {
      const input = makeData(data, size);
      const index = await build(revision, factory, input.base, false);
      measuredRecall.univar = await recall(revision, index, input, params);
      if (only === 'check' && !(measuredRecall.univar >= leastRecall))
        throw new Error(`Recall is ${measuredRecall.univar}`);
      return {
        run: () => index.search(input.queries, { k: K, ...params }),
        details: () => ({ recall: measuredRecall.univar }),
        close: () => index.dispose(),
      };
    },
    peer: {
      name: 'plain libfaiss',
      prepare: async (revision): Promise<Subject> => {
        const input = makeData(data, size);
        const index = await build(revision, factory, input.base, true);
        const plainRecall = await recall(revision, index, input, params);
        if (measuredRecall.univar < plainRecall - 0.01)
          throw new Error('Recall is lower than that of plain FAISS, so the speeds cannot be compared');
        return {
          run: () => index.search(input.queries, { k: K, ...params }),
          details: () => ({ plainRecall }),
          close: () => index.dispose(),
        };
      },
    },
  };
}

function buildBenchmark(factory: string, data: DataName, only: 'run' | 'check'): Benchmark {
  const rows = only === 'run' ? FULL.rows : 400;
  const subject =
    (plain: boolean) =>
    (revision: Revision): Promise<Subject> => {
      const { base } = makeData(data, { rows, queries: 0 });
      return Promise.resolve({ run: async () => (await build(revision, factory, base, plain)).dispose() });
    };
  return {
    name: `index/build/${factory}/${data}${only === 'check' ? '/small' : ''}`,
    sizes: { rows, dim: DIM },
    subject: 'VectorIndex',
    only,
    ...(only === 'check' ? { env: ONE_THREAD } : {}),
    work: { unit: 'vectors', subject: rows, peer: rows },
    target: 8,
    rounds: 3,
    // The recall of the searches shows the quality of the graph.
    prepare: subject(false),
    peer: { name: 'plain libfaiss', prepare: subject(true) },
  };
}

/** Returns the resident memory without JavaScript's garbage, which can be freed at any time. */
function residentBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage.rss();
}

/** Measures the memory of an index as the growth of the process. The time is that of building it. */
function memoryBenchmark(factory: string, rows: number): Benchmark {
  return {
    name: `index/memory/${factory}`,
    sizes: { rows, dim: DIM },
    subject: 'VectorIndex',
    only: 'run',
    work: { unit: 'vectors', subject: rows, peer: rows },
    rounds: 1,
    prepare: async (revision): Promise<Subject> => {
      const { base } = makeData('clusters', { rows, queries: 0 });
      // The first index allocates working memory and fills memory that earlier work has freed.
      const first = await build(revision, factory, base, false);
      const before = residentBytes();
      const second = await build(revision, factory, base, false);
      const bytesPerRow = (residentBytes() - before) / rows;
      await first.dispose();
      await second.dispose();
      return {
        run: async () => (await build(revision, factory, base, false)).dispose(),
        details: () => ({
          gibibytesPerMillionRows: (bytesPerRow * 1e6) / 2 ** 30,
          timesRawVectors: bytesPerRow / (4 * DIM),
        }),
      };
    },
  };
}

const dataNames: DataName[] = [...(EMBEDDINGS === undefined ? [] : ['real' as const]), 'clusters', 'normal'];

export const benchmarks: Benchmark[] = [
  ...dataNames.flatMap((data) => [
    buildBenchmark('HNSW32', data, 'run'),
    ...searchCases.map((search) => searchBenchmark(search, data, 'run')),
  ]),
  ...['Flat', 'HNSW32', 'IVF256,SQ8'].map((factory) => memoryBenchmark(factory, 50_000)),
  buildBenchmark('HNSW32', 'clusters', 'check'),
  searchBenchmark({ factory: 'HNSW32', params: { efSearch: 64 }, leastRecall: 0.9 }, 'clusters', 'check'),
  searchBenchmark({ factory: 'IVF64,SQ8', params: { nprobe: 8 }, leastRecall: 0.3 }, 'clusters', 'check'),
];
