import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';

import { describe, expect, it } from 'vitest';

import { EngineError } from '../../src/core/errors.js';
import { ADDON_EXPORTS } from '../../src/native/addon-types.js';
import { ACTIVATIONS, POSITIONS } from '../../src/native/encoder-types.js';
import { INFONCE_MODES } from '../../src/native/infonce-modes.js';
import { addon } from '../../src/native/loader.js';
import { matmul } from '../../src/native/matmul.js';
import { METRICS } from '../../src/native/metrics.js';
import { NGRAM_KINDS } from '../../src/native/ngram-settings.js';
import { POOLING_MODES } from '../../src/native/pooling.js';
import { PRECISIONS } from '../../src/native/precisions.js';
import { STORAGES } from '../../src/native/storages.js';
import { similarityTopK } from '../../src/native/top-k.js';
import { l2Normalize, pool } from '../../src/native/vectors.js';
import { shrinking } from '../support/hostile-values.js';

const ADDON = fileURLToPath(new URL('../../build/Release/engine.node', import.meta.url));

describe('the native boundary', () => {
  it('exports exactly what addon-types.ts declares', () => {
    expect(Object.keys(addon()).sort()).toEqual([...ADDON_EXPORTS].sort());
  });

  it('names what was expected and starts the stack at the caller', async () => {
    const error: unknown = await l2Normalize(new Float32Array(3), { dim: 2 }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(EngineError);
    expect(error).toMatchObject({
      code: 'ERR_SHAPE_MISMATCH',
      message: 'Expected a multiple of 2 (dim) entries for "vectors", got Float32Array of length 3',
    });
    await expect(l2Normalize([1, 2] as unknown as Float32Array, { dim: 2 })).rejects.toMatchObject({
      code: 'ERR_ARG_TYPE',
    });
    await expect(l2Normalize(new Float32Array(new SharedArrayBuffer(8)), { dim: 2 })).rejects.toMatchObject({
      code: 'ERR_ARG_TYPE',
    });
    await expect(l2Normalize(new Float32Array(2), { dim: 0 })).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
  });

  it('refuses memory that could shrink while it reads, and arrays that lie about their length', async () => {
    const liar = Object.defineProperty(new Float32Array(2), 'length', { value: 2 ** 20 });
    for (const array of [shrinking(new Float32Array(2)), liar])
      await expect(l2Normalize(array, { dim: 2 })).rejects.toMatchObject({ code: 'ERR_ARG_TYPE' });
  });

  it('reads every option once, before anything else can change it', async () => {
    const [vectors, dims] = [Float32Array.of(3, 4), [2, 2 ** 40]];
    const options = Object.create({
      get dim() {
        return dims.shift();
      },
    }) as { dim: number };
    expect(await l2Normalize(vectors, options)).toEqual(Float32Array.of(0.6, 0.8));
    const ks = [1, 2 ** 40];
    const search = {
      queries: vectors,
      base: vectors,
      dim: 2,
      metric: 'ip' as const,
      get k() {
        return ks.shift()!;
      },
    };
    expect(await similarityTopK(search)).toMatchObject({ k: 1 });
  });

  // Otherwise a change after the check makes kernels read and write outside of their arrays.
  it('reads indices at the call', async () => {
    const square = new Float32Array(1000 * 1000);
    const hidden = Float32Array.of(1, 2, 3);
    const offsets = Int32Array.of(0, 2, 3);
    const busy = matmul(square, square, 1000, 1000, 1000); // on the engine thread
    const pooled = pool({ hidden, offsets, dim: 1, pooling: 'mean' });
    offsets.set([0, 1000, 3]);
    await busy;
    expect(await pooled).toEqual(Float32Array.of(1.5, 3));
  });

  it('throws our own bug code when its own checks fail, and does not crash', () => {
    expect(() => addon().l2Normalize(new Float32Array(2), new Float32Array(2), 2 ** 40, 2 ** 40)).toThrow(
      /native boundary/,
    );
    expect(() => addon().l2Normalize(undefined as never, undefined as never, 1, 2)).toThrow(/native boundary/);
  });

  it('knows the same names on both sides', () => {
    expect(addon().names()).toEqual({
      metrics: METRICS,
      storages: STORAGES,
      infoNceModes: INFONCE_MODES,
      poolings: POOLING_MODES,
      precisions: PRECISIONS,
      positions: POSITIONS,
      activations: ACTIVATIONS,
      ngramKinds: NGRAM_KINDS,
    });
  });

  it('refuses a name that it does not know, instead of taking it for another', () => {
    const x = new Float32Array(2);
    const loss = { query: x, key: x, dQuery: x.slice(), dKey: x.slice(), rows: 1, dim: 2, logitScale: 1 };
    const product = { a: x, b: x, out: new Float32Array(1), m: 1, n: 1, k: 2 };
    const spec = { layers: 0, hidden: 2, heads: 1, inner: 1, vocabulary: 3, types: 0, maxPositions: 4, ropeBase: 0 };
    const names = { positions: 'none', activation: 'gelu', pooling: 'mean' } as const;
    const rest = { embeddingNorm: true, biases: true, normalize: true, epsilon: 0, paddingId: 0 };
    const encoder = (change: object) => new (addon().EncoderHandle)({ ...spec, ...names, ...rest, ...change }, 'f32');
    const calls = {
      pooling: () => addon().pool(x, Int32Array.of(0, 1), 'max' as never, x.slice(), 1, 2),
      mode: () => addon().infoNce({ ...loss, mode: 'two-way' as never, precision: 'f32' }),
      precision: () => addon().matmul({ ...product, precision: 'f64' as never }),
      metric: () => addon().topkPrepare(x, 1, 2, 'l1' as never, 'f32'),
      storage: () => addon().topkPrepare(x, 1, 2, 'ip', 'int4' as never),
      positions: () => encoder({ positions: 'absolute' }),
      kind: () => addon().extractNgrams([], { kind: 'tokens' as never, orders: 1, limit: 1 }, new Int32Array(1)),
      activation: () => encoder({ activation: 'relu' }),
    };
    for (const [name, call] of Object.entries(calls)) {
      expect(call, name).toThrow(
        expect.objectContaining({
          code: 'ERR_INTERNAL',
          message: expect.stringMatching(
            `^Expected a known name, not ".*", for "${name}" at the native boundary$`,
          ) as string,
        }) as Error,
      );
    }
    encoder({}).dispose();
    // Names that are known, but not to these operations.
    expect(() => addon().infoNce({ ...loss, mode: 'one-way', precision: 'int8' as never })).toThrow(/"precision"/);
    expect(() => addon().matmul({ ...product, precision: 'int8' as never })).toThrow(/"precision"/);
  });

  it('aborts before and while it runs', async () => {
    await expect(l2Normalize(new Float32Array(2), { dim: 2, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
    const controller = new AbortController();
    const rows = 20_000;
    const running = l2Normalize(new Float32Array(rows * 512), { dim: 512, signal: controller.signal });
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  });

  it('survives a worker thread that exits while its job runs', async () => {
    const code = `
      const { workerData } = require('node:worker_threads');
      const addon = require(workerData);
      const n = 1500;
      const x = new Float32Array(n * n);
      const product = { a: x, b: x, m: n, n, k: n, precision: 'f32' };
      for (let i = 0; i < 20; i++) void addon.matmul({ ...product, out: new Float32Array(n * n) });
      setTimeout(() => process.exit(0), 20);
    `;
    for (let i = 0; i < 3; i++) {
      const worker = new Worker(code, { eval: true, workerData: ADDON });
      await new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
    }
    expect(await matmul(Float32Array.of(2), Float32Array.of(3), 1, 1, 1)).toEqual(Float32Array.of(6));
  });

  // Libraries destroy their static data when the process exits. A job that still runs then crashes, or damages memory.
  it('ends its jobs before the process exits', async () => {
    const code = `
      const addon = require(${JSON.stringify(ADDON)});
      const n = 300;
      const x = new Float32Array(n * n);
      const product = { a: x, b: x, m: n, n, k: n, precision: 'f32', out: new Float32Array(n * n) };
      const products = () => addon.workCounters().products;
      process.on('exit', () => {
        const before = products();
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
        require('node:fs').writeSync(1, String(products() - before));
      });
      for (let i = 0; i < 2000; i++) void addon.matmul(product);
      setTimeout(() => process.exit(0), 20);
    `;
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', code]);
    expect(stdout).toBe('0');
  });
});
