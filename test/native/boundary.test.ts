import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

import { describe, expect, it } from 'vitest';

import { EngineError } from '../../src/core/errors.js';
import { ADDON_EXPORTS } from '../../src/native/addon-types.js';
import { capabilities } from '../../src/native/capabilities.js';
import { addon } from '../../src/native/loader.js';
import { matmul } from '../../src/native/matmul.js';
import { l2Normalize } from '../../src/native/vectors.js';

const ADDON = fileURLToPath(new URL('../../build/Release/engine.node', import.meta.url));

describe('the native boundary', () => {
  it('exports exactly what addon-types.ts declares', () => {
    expect(Object.keys(addon()).sort()).toEqual([...ADDON_EXPORTS].sort());
  });

  it('uses the instruction set that UNIVAR_SIMD names', () => {
    expect(capabilities().simd).toBe(process.env['UNIVAR_SIMD']);
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

  it('throws our own bug code when its own checks fail, and does not crash', () => {
    expect(() => addon().l2Normalize(new Float32Array(2), new Float32Array(2), 2 ** 40, 2 ** 40)).toThrow(
      /native boundary/,
    );
    expect(() => addon().l2Normalize(undefined as never, undefined as never, 1, 2)).toThrow(/native boundary/);
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
      for (let i = 0; i < 20; i++) void addon.matmul(x, x, new Float32Array(n * n), n, n, n, false, false, 0);
      setTimeout(() => process.exit(0), 20);
    `;
    for (let i = 0; i < 3; i++) {
      const worker = new Worker(code, { eval: true, workerData: ADDON });
      await new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
    }
    expect(await matmul(Float32Array.of(2), Float32Array.of(3), 1, 1, 1)).toEqual(Float32Array.of(6));
  });
});
