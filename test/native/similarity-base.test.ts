import { describe, expect, it } from 'vitest';

import { EngineError } from '../../src/core/errors.js';
import { addon } from '../../src/native/loader.js';
import { allocateSearchResult } from '../../src/native/search-result.js';
import { SimilarityBase } from '../../src/native/similarity-base.js';
import { type SimilarityTopKOptions, similarityTopK } from '../../src/native/top-k.js';
import { randomNormal } from '../support/random.js';

const [baseRows, dim, queryRows, k] = [500, 12, 20, 5];
const base = randomNormal(baseRows * dim, 1);
const queries = randomNormal(queryRows * dim, 2);
const options: SimilarityTopKOptions = { queries, base, dim, k, metric: 'ip' };

describe('SimilarityBase', () => {
  it('answers like similarityTopK, again and again and at the same time', async () => {
    const expected = await similarityTopK(options);
    for (const storage of ['auto', 'f32', 'f16', 'bf16', 'int8'] as const) {
      const prepared = await SimilarityBase.create({ base, dim, metric: 'ip', storage });
      expect(prepared).toMatchObject({ rows: baseRows, dim, metric: 'ip' });
      if (storage !== 'auto') expect(prepared.storage).toBe(storage);
      const all = await Promise.all(Array.from({ length: 4 }, () => prepared.search(queries, { k })));
      for (const actual of all) expect(actual).toEqual(expected);
      await prepared.dispose();
    }
  });

  it('disposes once, after the searches in flight, and is of no use then', async () => {
    const prepared = await SimilarityBase.create({ base, dim, metric: 'ip', storage: 'int8' });
    let settled = false;
    const running = prepared.search(queries, { k }).finally(() => (settled = true));
    const disposal = prepared.dispose();
    expect(prepared.dispose()).toBe(disposal);
    await expect(prepared.search(queries, { k })).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
    await disposal;
    expect(settled).toBe(true);
    expect((await running).labels).toHaveLength(queryRows * k);
  });

  it('refuses to read an array that was taken away', async () => {
    const own = base.slice();
    const prepared = await SimilarityBase.create({ base: own, dim, metric: 'ip', storage: 'int8' });
    structuredClone(own.buffer, { transfer: [own.buffer] });
    await expect(prepared.search(queries, { k })).rejects.toMatchObject({ code: 'ERR_SHAPE_MISMATCH' });
    await prepared.dispose();
  });

  it('accepts only its own handles natively', () => {
    const search = () =>
      addon().topkSearch({} as never, { queries, rows: queryRows, ...allocateSearchResult(queryRows, k) });
    expect(search).toThrow(/handle at the native boundary/);
    expect(() => addon().topkRelease(1 as never)).toThrow(/handle at the native boundary/);
  });
});

describe('bad input to similarityTopK', () => {
  const code = async (change: Record<string, unknown>): Promise<unknown> => {
    const error: unknown = await similarityTopK({ ...options, ...change }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(EngineError);
    return error;
  };

  it.each([
    ['ERR_ARG_RANGE', /"k", got 0/, { k: 0 }],
    ['ERR_ARG_RANGE', /from 1 to 500 for "k", got 501/, { k: baseRows + 1 }],
    ['ERR_ARG_RANGE', /"k"/, { k: 1.5 }],
    ['ERR_ARG_TYPE', /a number for "k"/, { k: '5' }],
    ['ERR_ARG_RANGE', /one of ip, l2, cosine for "metric", got "dot"/, { metric: 'dot' }],
    ['ERR_ARG_TYPE', /"metric"/, { metric: undefined }],
    ['ERR_ARG_RANGE', /"storage"/, { storage: 'f64' }],
    ['ERR_ARG_RANGE', /"dim"/, { dim: 0 }],
    ['ERR_SHAPE_MISMATCH', /a multiple of 13 \(dim\) entries for "base"/, { dim: dim + 1 }],
    ['ERR_SHAPE_MISMATCH', /a multiple of 12 \(dim\) entries for "queries"/, { queries: queries.subarray(1) }],
    ['ERR_SHAPE_MISMATCH', /at least 12 entries for "base"/, { base: new Float32Array(0) }],
    ['ERR_ARG_TYPE', /got "baseRows"/, { baseRows: 500 }],
    ['ERR_ARG_TYPE', /a Float32Array for "queries"/, { queries: [...queries] }],
    ['ERR_ARG_TYPE', /a Float32Array for "base"/, { base: new Float64Array(base) }],
    ['ERR_ARG_TYPE', /SharedArrayBuffer/, { base: new Float32Array(new SharedArrayBuffer(base.byteLength)) }],
    ['ERR_ARG_TYPE', /got "topK"/, { topK: 3 }],
    ['ERR_ARG_TYPE', /an AbortSignal for "signal"/, { signal: {} }],
    ['ERR_ARG_TYPE', /a function for "onProgress"/, { onProgress: 1 }],
  ])('%s: %s', async (expected, message, change) => {
    expect(await code(change)).toMatchObject({ code: expected, message: expect.stringMatching(message) as string });
  });

  it.each([NaN, Infinity, -Infinity])('names the first row that holds %d', async (value) => {
    const spoilt = (x: Float32Array, at: number): Float32Array => x.slice().fill(value, at, at + dim * 3);
    for (const storage of ['f32', 'int8']) {
      expect(await code({ storage, base: spoilt(base, 37 * dim + 3) })).toMatchObject({
        code: 'ERR_NON_FINITE',
        message: /"base".* row 37$/,
      });
      expect(await code({ storage, queries: spoilt(queries, 6 * dim + 11) })).toMatchObject({
        code: 'ERR_NON_FINITE',
        message: /"queries".* row 6$/,
      });
    }
  });

  it('gives empty arrays for no queries', async () => {
    expect(await similarityTopK({ ...options, queries: new Float32Array(0) })).toEqual({
      labels: new Int32Array(0),
      distances: new Float32Array(0),
      k,
    });
  });

  it('starts the stack at the caller', async () => {
    const error = (await code({ base: base.slice().fill(NaN) })) as Error;
    expect(error.stack?.split('\n')[1]).toMatch(/similarity-base\.test/);
  });

  it('aborts before and while it runs, and reports progress', async () => {
    expect(await code({ signal: AbortSignal.abort() })).toMatchObject({ code: 'ERR_ABORTED' });
    const [rows, wide, many] = [60_000, 256, 600];
    const large = {
      base: new Float32Array(rows * wide).fill(0.5),
      dim: wide,
      queries: new Float32Array(many * wide).fill(0.5),
    };
    const controller = new AbortController();
    const reports: number[] = [];
    const onProgress = (done: number): void => {
      reports.push(done);
      if (done > 0) controller.abort(new Error('enough'));
    };
    expect(await code({ ...large, signal: controller.signal, onProgress })).toMatchObject({ code: 'ERR_ABORTED' });
    expect(reports.at(-1)).toBeGreaterThan(0);
    expect(reports.at(-1)).toBeLessThanOrEqual(rows);
  });
});
