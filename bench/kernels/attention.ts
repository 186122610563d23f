/**
 * Compares attention forward with oneDNN's two products per head and sequence, q k^T and P v, without a softmax and
 * with operands packed in advance. Both count as 4 T^2 d operations per head and sequence.
 */
import type { Benchmark } from '../../packages/bench-gate/src/benchmark.js';
import { randomNormal } from '../../test/support/random.js';
import { countWork, ONE_THREAD, openAddon, openEngine } from '../support/engine.js';

export { environment } from '../support/engine.js';

const cases = [
  { model: 'MiniLM', only: 'run', heads: 12, headDim: 32, length: 256, sequences: 16 },
  { model: 'BERT-base', only: 'run', heads: 12, headDim: 64, length: 512, sequences: 8 },
  { model: 'MiniLM/small', only: 'check', heads: 12, headDim: 32, length: 192, sequences: 2 },
] as const;

export const benchmarks: Benchmark[] = cases.map(({ model, only, heads, headDim, length, sequences }) => {
  const tokens = length * sequences;
  const width = heads * headDim;
  const gigaOperations = (4 * length * length * headDim * heads * sequences) / 1e9;
  return {
    name: `attention/forward/${model}`,
    sizes: { sequences, T: length, H: heads, d: headDim },
    subject: 'attention forward',
    only,
    ...(only === 'check' ? { env: ONE_THREAD } : {}),
    work: { unit: 'GFLOP', subject: gigaOperations, peer: gigaOperations },
    prepare: async (revision) => {
      const addon = await openAddon(revision);
      const qkv = randomNormal(tokens * 3 * width, 1);
      const offsets = Int32Array.from({ length: sequences + 1 }, (_, i) => i * length);
      const [out, lse] = [new Float32Array(tokens * width), new Float32Array(tokens * heads)];
      const run = () => addon.attentionForward(qkv, offsets, out, lse, tokens, heads, headDim);
      await run();
      check(qkv, out, { length, heads, headDim });
      const engine = await openEngine(revision);
      return { run, counters: () => countWork(engine, run) };
    },
    peer: {
      name: 'oneDNN f32 products',
      prepare: async (revision) => {
        const addon = await openAddon(revision);
        const [q, k, scores] = [
          randomNormal(length * headDim, 1),
          randomNormal(length * headDim, 2),
          new Float32Array(length * length),
        ];
        const size = { m: length, precision: 'f32' } as const;
        const dots = { ...size, a: q, b: k, out: scores, n: length, k: headDim, transposeB: true };
        const weighted = { ...size, a: scores, b: k, out: q, n: headDim, k: length };
        const run = async (): Promise<number> => {
          let seconds = 0;
          for (let i = 0; i < heads * sequences; i++) {
            seconds += await addon.matmulSeconds(dots);
            seconds += await addon.matmulSeconds(weighted);
          }
          return seconds;
        };
        return { run, timesItself: true };
      },
    },
  };
});

/** Checks some tokens of the first sequence, all heads, in double precision. */
function check(
  qkv: Float32Array,
  out: Float32Array,
  { length, heads, headDim }: { length: number; heads: number; headDim: number },
): void {
  const width = heads * headDim;
  for (let t = 0; t < length; t += Math.ceil(length / 8)) {
    for (let head = 0; head < heads; head++) {
      const at = (token: number, part: number): number => token * 3 * width + part * width + head * headDim;
      const weights = Array.from({ length }, (_, s) => {
        let dot = 0;
        for (let d = 0; d < headDim; d++) dot += qkv[at(t, 0) + d]! * qkv[at(s, 1) + d]!;
        return Math.exp(dot / Math.sqrt(headDim));
      });
      const sum = weights.reduce((total, weight) => total + weight, 0);
      for (let d = 0; d < headDim; d++) {
        const expected = weights.reduce((total, weight, s) => total + weight * qkv[at(s, 2) + d]!, 0) / sum;
        const error = Math.abs(out[t * width + head * headDim + d]! - expected);
        if (!(error < 1e-5)) throw new Error(`Attention is wrong by ${error} at token ${t}, head ${head}`);
      }
    }
  }
}
