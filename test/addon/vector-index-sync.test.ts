/** Searches on the calling thread: the same results and errors as those that promise them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';

import { EngineError } from '../../src/core/errors.js';
import type { IndexHandle } from '../../src/native/addon-types.js';
import { addon } from '../../src/native/loader.js';
import { rowFilter } from '../../src/search/filters/row-filter.js';
import type { SyncSearchOptions } from '../../src/search/index-options.js';
import { VectorIndex } from '../../src/search/vector-index.js';
import { randomClusters } from '../support/random.js';

const folder = mkdtempSync(join(tmpdir(), 'univar-sync-'));
afterAll(() => rmSync(folder, { recursive: true }));

const dim = 16;
const ROWS = 1200;
const x = randomClusters(ROWS, dim, 20, 1);
/** More than one thread of libuv would take. */
const queries = randomClusters(9, dim, 20, 2);

async function build(factory: string): Promise<VectorIndex> {
  const index = await VectorIndex.create({ dim, metric: 'l2', factory });
  await index.train(x);
  await index.add(x);
  return index;
}

it.each<[string, object]>([
  ['Flat', {}],
  ['SQ8', {}],
  ['PQ8x4', {}],
  ['HNSW8', { efSearch: 24 }],
  ['HNSW8,SQ8,RFlat', { efSearch: 24, rerank: 30 }],
  ['IVF16,Flat', { nprobe: 3 }],
  ['PCA8,IVF16_HNSW4,SQ8,RFlat', { nprobe: 3, efSearch: 4, rerank: 12 }],
])('%s finds the same as search()', async (factory, params) => {
  const index = await build(factory);
  const filters = [undefined, rowFilter(ROWS, (row) => row % 3 === 0), rowFilter(ROWS, (row) => row < 4)];
  await index.save(join(folder, 'index.faiss'));
  const mapped = await VectorIndex.load(join(folder, 'index.faiss'), { map: true });
  const check = async (searched: VectorIndex): Promise<void> => {
    for (const filter of filters) {
      const options = { k: 10, ...params, ...(filter && { filter }) };
      expect(searched.searchSync(queries, options)).toEqual(await searched.search(queries, options));
    }
  };
  await check(index);
  await check(mapped);
  await index.remove(Int32Array.from({ length: 300 }, (_, i) => 2 * i));
  await check(index);
  expect(index.searchSync(new Float32Array(0), { k: 3 })).toEqual(await index.search(new Float32Array(0), { k: 3 }));
});

it('throws what search() rejects with', async () => {
  const index = await build('HNSW8');
  const bad = queries.slice();
  bad[3 * dim] = NaN;
  const wrong: [Float32Array, object][] = [
    [queries.subarray(1), { k: 1 }],
    [[1] as never, { k: 1 }],
    [queries, { k: 0 }],
    [queries, { k: ROWS + 1 }],
    [queries, { k: 1, nprobe: 2 }],
    [queries, { k: 1, filter: [1] }],
    [bad, { k: 1 }],
    [new Float32Array(dim).fill(1e20), { k: 1 }],
  ];
  const thrownBy = (given: Float32Array, options: object): EngineError => {
    try {
      index.searchSync(given, options as SyncSearchOptions);
    } catch (error) {
      return error as EngineError;
    }
    throw new Error('nothing was thrown');
  };
  for (const [given, options] of wrong) {
    const reason: unknown = await index.search(given, options as SyncSearchOptions).catch((error: unknown) => error);
    const { code, message } = reason as EngineError;
    expect(thrownBy(given, options)).toMatchObject({ code, message });
  }
  expect(thrownBy(bad, { k: 1 })).toBeInstanceOf(EngineError);
  // It cannot be cancelled.
  expect(thrownBy(queries, { k: 1, signal: AbortSignal.abort() })).toMatchObject({ code: 'ERR_ARG_TYPE' });
  await index.dispose();
  expect(thrownBy(queries, { k: 1 })).toMatchObject({ code: 'ERR_DISPOSED' });
});

it('is refused while the index is being changed, and works beside searches', async () => {
  const index = await build('HNSW8');
  const adding = index.add(x);
  expect(() => index.searchSync(queries, { k: 1 })).toThrow(
    expect.objectContaining({ code: 'ERR_BUSY', message: expect.stringContaining('search()') as string }) as Error,
  );
  await adding;
  const searching = index.search(x, { k: 5 });
  expect(index.searchSync(queries, { k: 5 })).toEqual(await index.search(queries, { k: 5 }));
  await searching;
});

it('checks at the native boundary what keeps memory safe', async () => {
  const { handle } = await addon().indexCreate(dim, 'l2', 'Flat', 0, 0, false);
  const search = (index: IndexHandle, rows: number, k: number, labels: number, distances: number) => () =>
    addon().indexSearchSync(index, {
      ...{ queries, rows, k, labels: new Int32Array(labels), distances: new Float32Array(distances) },
      ...{ efSearch: 0, nprobe: 0, rerank: 0, filter: undefined },
    });
  for (const wrong of [
    search({} as never, 9, 1, 9, 9),
    search(handle, 10, 1, 10, 10),
    search(handle, 9, 2, 9, 18),
    search(handle, 9, 2, 18, 9),
    search(handle, 9, 0, 0, 0),
  ])
    expect(wrong).toThrow(/native boundary/);
});
