import { describe, expect, it } from 'vitest';

import type { IndexHandle } from '../../src/native/addon-types.js';
import { addon } from '../../src/native/loader.js';
import { matmul } from '../../src/native/matmul.js';
import { VectorIndex, type VectorIndexOptions } from '../../src/search/vector-index.js';
import { randomNormal } from '../support/random.js';

const dim = 8;
const x = randomNormal(400 * dim, 1);

async function flat(): Promise<VectorIndex> {
  const index = await VectorIndex.create({ dim, metric: 'l2', factory: 'Flat' });
  await index.add(x);
  return index;
}

describe('VectorIndex.create', () => {
  const refused: [object | undefined, string, RegExp][] = [
    [undefined, 'ERR_ARG_TYPE', /"dim"/],
    [{ dim: 0, metric: 'ip', factory: 'Flat' }, 'ERR_ARG_RANGE', /"dim"/],
    [{ dim: 2.5, metric: 'ip', factory: 'Flat' }, 'ERR_ARG_RANGE', /"dim"/],
    [{ dim: 8, metric: 'cosine', factory: 'Flat' }, 'ERR_ARG_RANGE', /"metric"/],
    [{ dim: 8, metric: 'ip', factory: 'Flat', nlist: 5 }, 'ERR_ARG_TYPE', /nlist/],
    [{ dim: 8, metric: 'ip', factory: 'Flat', efConstruction: 40 }, 'ERR_ARG_TYPE', /no such setting.*efConstruction/],
    [{ dim: 8, metric: 'ip', factory: 'HNSW8', trainIterations: 4 }, 'ERR_ARG_TYPE', /trainIterations/],
    [{ dim: 8, metric: 'ip', factory: 'HNSW8', efConstruction: 0 }, 'ERR_ARG_RANGE', /efConstruction/],
  ];
  it.each(refused)('refuses %j', async (options, code, message) => {
    const error: unknown = await VectorIndex.create(options as VectorIndexOptions).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code });
    expect((error as Error).message).toMatch(message);
  });
});

describe('training and adding', () => {
  it.each(['IVF8,Flat', 'SQ8', 'PQ4x4', 'IVF4,PQ2', 'PCA4,Flat', 'HNSW8,SQ8'])(
    '%s must be trained before vectors can be added',
    async (factory) => {
      const index = await VectorIndex.create({ dim, metric: 'l2', factory });
      expect(index.isTrained).toBe(false);
      await expect(index.add(x)).rejects.toMatchObject({
        code: 'ERR_ARG_RANGE',
        message: expect.stringContaining('must be trained') as string,
      });
      await index.train(x);
      await index.add(x);
      expect(index.size).toBe(400);
      await expect(index.train(x)).rejects.toMatchObject({
        code: 'ERR_ARG_RANGE',
        message: expect.stringContaining('already trained') as string,
      });
    },
  );

  it.each([
    ['IVF64,Flat', 64],
    ['IVF8,PQ4', 256],
    ['PCA4,Flat', 4],
    ['OPQ4,Flat', 256],
  ])('%s needs %i vectors to train', async (factory, least) => {
    const index = await VectorIndex.create({ dim, metric: 'l2', factory });
    await expect(index.train(x.subarray(0, (least - 1) * dim))).rejects.toMatchObject({
      code: 'ERR_ARG_RANGE',
      message: expect.stringContaining(`at least ${least} vectors`) as string,
    });
    await index.train(x.subarray(0, least * dim));
    expect(index.isTrained).toBe(true);
  });

  it('refuses wrong types, lengths and numbers', async () => {
    const index = await flat();
    await expect(index.add([1, 2] as unknown as Float32Array)).rejects.toMatchObject({ code: 'ERR_ARG_TYPE' });
    await expect(index.add(new Float32Array(dim + 1))).rejects.toMatchObject({ code: 'ERR_SHAPE_MISMATCH' });
    await expect(index.add(new Float32Array(new SharedArrayBuffer(4 * dim)))).rejects.toMatchObject({
      code: 'ERR_ARG_TYPE',
    });
    for (const value of [NaN, Infinity, -Infinity]) {
      const bad = x.slice();
      bad[57 * dim + 3] = value;
      await expect(index.add(bad)).rejects.toMatchObject({
        code: 'ERR_NON_FINITE',
        message: expect.stringContaining('row 57') as string,
      });
      await expect(index.search(bad, { k: 1 })).rejects.toMatchObject({
        code: 'ERR_NON_FINITE',
        message: expect.stringContaining('row 57') as string,
      });
    }
    // Finite, but its square is not.
    await expect(index.add(new Float32Array(dim).fill(-3e38))).rejects.toMatchObject({
      code: 'ERR_ARG_RANGE',
      message: expect.stringContaining('1e15') as string,
    });
    await expect(index.add(x, { unknown: 1 } as object)).rejects.toMatchObject({ code: 'ERR_ARG_TYPE' });
    await expect(index.reserve(-1)).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
    await index.add(new Float32Array(0));
    expect(index.size).toBe(400);
  });

  it('refuses to whiten by a variance of zero', async () => {
    const index = await VectorIndex.create({ dim, metric: 'l2', factory: 'PCAW8,IVF4,SQ8' });
    const line = new Float32Array(64 * dim).map((_, i) => (i % dim === 0 ? i : 0));
    await expect(index.train(line)).rejects.toMatchObject({
      message: expect.stringContaining('transformed vectors') as string,
    });
    expect(index.isTrained).toBe(false);
  });

  it.each(['Flat', 'HNSW8', 'IVF8,Flat', 'PCA4,IVF8,SQ8'])(
    '%s is as before when an addition is cancelled',
    async (factory) => {
      const index = await VectorIndex.create({ dim, metric: 'l2', factory });
      await index.train(x);
      await index.add(x);
      const before = await index.toBuffer();
      const many = randomNormal(40_000 * dim, 2);
      const controller = new AbortController();
      // Behind a product on the engine thread, so that the addition cannot be done before it is cancelled.
      const square = new Float32Array(1000 * 1000);
      const busy = matmul(square, square, 1000, 1000, 1000);
      const adding = index.add(many, { signal: controller.signal });
      controller.abort(new Error('enough'));
      await busy;
      await expect(adding).rejects.toMatchObject({ code: 'ERR_ABORTED' });
      // And once it is under way, unless it is done before: then all vectors are there, otherwise none.
      const late = new AbortController();
      const error: unknown = await index.add(many, { signal: late.signal, onProgress: () => late.abort() }).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error !== undefined) expect(error).toMatchObject({ code: 'ERR_ABORTED' });
      const added = error === undefined ? 40_000 : 0;
      expect(index.size).toBe(400 + added);
      expect(Buffer.compare(await index.toBuffer(), before) === 0).toBe(added === 0);
      await index.add(x);
      expect(index.size).toBe(800 + added);
    },
  );

  it('can be trained again after training was cancelled', async () => {
    const many = randomNormal(20_000 * dim, 3);
    const index = await VectorIndex.create({ dim, metric: 'l2', factory: 'IVF64,PQ4', trainIterations: 10_000 });
    const controller = new AbortController();
    let iterations = 0;
    const training = index.train(many, {
      signal: controller.signal,
      onProgress: (done) => {
        iterations = done;
        if (done > 0) controller.abort();
      },
    });
    await expect(training).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect(iterations).toBeGreaterThan(0);
    expect(index.isTrained).toBe(false);
    await expect(index.add(many)).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
  });
});

describe('searching', () => {
  it('refuses a k out of range', async () => {
    const index = await flat();
    for (const k of [0, -1, 1.5, 401, NaN])
      await expect(index.search(x, { k })).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
    await expect(index.search(x, { k: '3' as unknown as number })).rejects.toMatchObject({ code: 'ERR_ARG_TYPE' });
    expect((await index.search(x.subarray(0, dim), { k: 400 })).labels.toSorted()).toEqual(
      Int32Array.from({ length: 400 }, (_, i) => i),
    );
    const empty = await VectorIndex.create({ dim, metric: 'ip', factory: 'Flat' });
    await expect(empty.search(x, { k: 1 })).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
    expect(await empty.rangeSearch(x.subarray(0, 2 * dim), { radius: 1 })).toEqual({
      offsets: Int32Array.of(0, 0, 0),
      labels: new Int32Array(0),
      distances: new Float32Array(0),
    });
  });

  it('refuses settings that the index does not have', async () => {
    const index = await flat();
    await expect(index.search(x, { k: 1, efSearch: 10 })).rejects.toMatchObject({
      code: 'ERR_ARG_TYPE',
      message: expect.stringContaining('efSearch') as string,
    });
    await expect(index.search(x, { k: 1, nprobe: 1 })).rejects.toMatchObject({ code: 'ERR_ARG_TYPE' });
    await expect(index.search(x, { k: 1, ...({ ef: 1 } as object) })).rejects.toMatchObject({ code: 'ERR_ARG_TYPE' });
    const graph = await VectorIndex.create({ dim, metric: 'l2', factory: 'HNSW8' });
    await graph.add(x);
    await expect(graph.search(x, { k: 1, efSearch: 0 })).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
    // More candidates than there are vectors is no mistake.
    expect((await graph.search(x.subarray(0, dim), { k: 1, efSearch: 10_000 })).labels[0]).toBe(0);
    await expect(index.rangeSearch(x, { radius: Infinity })).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
    await expect(index.rangeSearch(x, { radius: undefined as unknown as number })).rejects.toMatchObject({
      code: 'ERR_ARG_TYPE',
    });
  });

  it('pads with -1 where too few lists are searched, and returns k results from a graph', async () => {
    const lists = await VectorIndex.create({ dim, metric: 'l2', factory: 'IVF100,Flat' });
    await lists.train(x);
    await lists.add(x);
    const { labels } = await lists.search(x.subarray(0, dim), { k: 200, nprobe: 1 });
    expect(labels[0]).toBe(0);
    expect(labels.at(-1)).toBe(-1);
    const graph = await VectorIndex.create({ dim, metric: 'l2', factory: 'HNSW16' });
    await graph.add(x);
    expect((await graph.search(x.subarray(0, dim), { k: 200 })).labels.includes(-1)).toBe(false);
  });

  it('can be cancelled and reports progress', async () => {
    const index = await VectorIndex.create({ dim, metric: 'l2', factory: 'SQ8' });
    await index.train(x);
    await index.add(randomNormal(30_000 * dim, 4));
    const queries = randomNormal(20_000 * dim, 5);
    const controller = new AbortController();
    let reported = 0;
    const searching = index.search(queries, {
      k: 1,
      signal: controller.signal,
      onProgress: (done) => {
        reported = done;
        if (done > 0) controller.abort();
      },
    });
    await expect(searching).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect(reported).toBeGreaterThan(0);
    expect(reported).toBeLessThan(20_000);
    expect((await index.search(queries.subarray(0, dim), { k: 1 })).labels).toHaveLength(1);
  });
});

describe('the native boundary of the index', () => {
  it('refuses what is no handle and arrays that do not fit', async () => {
    const params = { efSearch: 0, nprobe: 0, rerank: 0, filter: undefined };
    const search = (index: IndexHandle, rows: number, k: number, labels: number, distances: number) => {
      const result = { labels: new Int32Array(labels), distances: new Float32Array(distances) };
      return () => addon().indexSearch(index, { queries: x, rows, k, ...result, ...params });
    };
    expect(search({} as never, 1, 1, 1, 1)).toThrow(/native boundary/);
    const opened = await addon().indexCreate(dim, 'l2', 'Flat', 0, 0, false);
    expect(() => addon().indexAdd(opened.handle, x, 1)).toThrow(/native boundary/);
    expect(search(opened.handle, 400, 2, 1, 800)).toThrow(/native boundary/);
    expect(search(opened.handle, 400, 2, 800, 1)).toThrow(/native boundary/);
    expect(search(opened.handle, 400, 0, 0, 0)).toThrow(/native boundary/);
    await expect(addon().indexCreate(dim, 'cosine' as never, 'Flat', 0, 0, false)).rejects.toThrow(/"metric"/);
  });
});
