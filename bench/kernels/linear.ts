/**
 * Compares a linear layer with the bare oneDNN product of its shape, packed in advance and without a bias. Both count
 * as 2 * rows * in * out operations.
 */
import type { Benchmark } from '../../packages/bench-gate/src/benchmark.js';
import { randomNormal } from '../../test/support/random.js';
import { countWork, ONE_THREAD, openAddon, openEngine } from '../support/engine.js';

export { environment } from '../support/engine.js';

const cases = [
  { rows: 4096, inWidth: 384, outWidth: 1536, only: 'run' },
  { rows: 4096, inWidth: 768, outWidth: 3072, only: 'run' },
  { rows: 384, inWidth: 384, outWidth: 1536, only: 'check' },
] as const;

export const benchmarks: Benchmark[] = cases.map(({ rows, inWidth, outWidth, only }) => {
  const gigaOperations = (2 * rows * inWidth * outWidth) / 1e9;
  return {
    name: `linear/forward/${rows}x${inWidth}`,
    sizes: { rows, in: inWidth, out: outWidth },
    subject: 'linear forward',
    version: 3, // packs the weight too
    only,
    ...(only === 'check' ? { env: ONE_THREAD } : {}),
    work: { unit: 'GFLOP', subject: gigaOperations, peer: gigaOperations },
    prepare: async (revision) => {
      const addon = await openAddon(revision);
      const [x, weight, bias] = [
        randomNormal(rows * inWidth, 1),
        randomNormal(outWidth * inWidth, 2),
        randomNormal(outWidth, 3),
      ];
      const out = new Float32Array(rows * outWidth);
      const run = () => addon.linearForward(x, weight, bias, out, rows, outWidth, inWidth);
      await run();
      for (let i = 0; i < out.length; i += 997) {
        const [row, column] = [Math.floor(i / outWidth), i % outWidth];
        let expected = bias[column]!;
        for (let t = 0; t < inWidth; t++) expected += x[row * inWidth + t]! * weight[column * inWidth + t]!;
        if (!(Math.abs(out[i]! - expected) < 1e-5 * inWidth))
          throw new Error(`The linear layer is wrong: ${out[i]!} instead of ${expected}`);
      }
      const engine = await openEngine(revision);
      return { run, counters: () => countWork(engine, run) };
    },
    peer: {
      name: 'oneDNN f32 product',
      prepare: async (revision) => {
        const addon = await openAddon(revision);
        const [x, weight, out] = [
          randomNormal(rows * inWidth, 1),
          randomNormal(outWidth * inWidth, 2),
          new Float32Array(rows * outWidth),
        ];
        const size = { m: rows, n: outWidth, k: inWidth, transposeB: true, precision: 'f32' } as const;
        return { run: () => addon.matmulSeconds({ a: x, b: weight, out, ...size }), timesItself: true };
      },
    },
  };
});
