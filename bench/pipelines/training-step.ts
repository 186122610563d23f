/**
 * Compares one training step (forward, loss, backward, AdamW) of a MiniLM with its bare oneDNN products: for each
 * weight y = x w^T, dx = dy w and dw = dy^T x, with all tokens in one product and operands converted and packed in
 * advance. Both count as 6 operations per token and weight. Weights are random, because speed does not depend on them.
 */
import type { Benchmark, Subject } from '../../packages/bench-gate/src/benchmark.js';
import type { Addon } from '../../src/native/addon-types.js';
import type { EncoderSpec } from '../../src/native/encoder-types.js';
import type { PackedTokens } from '../../src/native/packed-tokens.js';
import type { TrainingPrecision } from '../../src/native/precisions.js';
import { randomUnitRows } from '../../test/support/random.js';
import { countWork, ONE_THREAD, openAddon, openEngine } from '../support/engine.js';
import { randomModel, startTraining } from '../support/random-model.js';

export { environment } from '../support/engine.js';

interface Size {
  pairs: number;
  /** Number of tokens of every text. */
  tokens: number;
  config: EncoderSpec;
}
const MINILM: EncoderSpec = {
  layers: 6,
  hidden: 384,
  heads: 12,
  inner: 1536,
  vocabulary: 30522,
  types: 2,
  maxPositions: 512,
  positions: 'learned',
  ropeBase: 0,
  embeddingNorm: true,
  activation: 'gelu',
  biases: true,
  epsilon: 1e-12,
  pooling: 'mean',
  normalize: true,
  paddingId: 0,
};
const FULL: Size = { pairs: 48, tokens: 128, config: MINILM };
const SMALL: Size = {
  pairs: 2,
  tokens: 16,
  config: { ...MINILM, layers: 2, hidden: 192, heads: 6, inner: 768, vocabulary: 1000 },
};

/** Returns [out, in] of the products of one layer. */
function shapes({ hidden, inner }: EncoderSpec) {
  return [
    [3 * hidden, hidden],
    [hidden, hidden],
    [inner, hidden],
    [hidden, inner],
  ] as const;
}

function randomTokens({ pairs, tokens, config }: Size, seed: number): PackedTokens {
  let state = seed;
  const ids = Int32Array.from(
    { length: pairs * tokens },
    () => (state = (state * 48271) % 2147483647) % config.vocabulary,
  );
  return { ids, offsets: Int32Array.from({ length: pairs + 1 }, (_, i) => i * tokens) };
}

/** Returns the seconds of all products of one step: times one layer and multiplies. */
function products(
  addon: Addon,
  config: EncoderSpec,
  rows: number,
  precision: TrainingPrecision,
): () => Promise<number> {
  const operands = shapes(config).map(([out, width]) => ({
    out,
    width,
    w: randomUnitRows(out, width, 1),
    x: randomUnitRows(rows, width, 2),
    dy: randomUnitRows(rows, out, 3),
  }));
  const result = new Float32Array(rows * config.inner);
  return async () => {
    let seconds = 0;
    for (const { out, width, w, x, dy } of operands) {
      const y = { a: x, b: w, out: result.subarray(0, rows * out), m: rows, n: out, k: width, transposeB: true };
      const dx = { a: dy, b: w, out: result.subarray(0, rows * width), m: rows, n: width, k: out };
      const dw = { a: dy, b: x, out: result.subarray(0, out * width), m: out, n: width, k: rows, transposeA: true };
      for (const product of [y, dx, dw]) seconds += await addon.matmulSeconds({ ...product, precision });
    }
    return seconds * config.layers;
  };
}

function trainingStep(size: Size, precision: TrainingPrecision, only: 'run' | 'check'): Benchmark {
  const { pairs, tokens, config } = size;
  const rows = 2 * pairs * tokens;
  const work = (6 * config.layers * rows * shapes(config).reduce((sum, [out, width]) => sum + out * width, 0)) / 1e9;
  return {
    name: `training-step/${only === 'check' ? 'small' : 'MiniLM'}/${precision}`,
    sizes: { pairs, tokens: rows },
    subject: 'univar',
    only,
    ...(only === 'check' ? { env: ONE_THREAD } : {}),
    work: { unit: 'GFLOP', subject: work, peer: work },
    target: 0.65,
    rounds: 5,
    prepare: async (revision): Promise<Subject> => {
      const [query, key] = [randomTokens(size, 1), randomTokens(size, 2)];
      const model = await randomModel(revision, config, precision);
      const { step } = await startTraining(model, query, key, 2 ** 30);
      const engine = await openEngine(revision);
      return {
        run: step,
        counters: () => countWork(engine, step),
        details: () => ({ peakMiB: Math.round(process.resourceUsage().maxRSS / 1024) }),
        close: () => model.dispose(),
      };
    },
    peer: {
      name: `oneDNN ${precision} products`,
      prepare: async (revision): Promise<Subject> => ({
        run: products(await openAddon(revision), config, rows, precision),
        timesItself: true,
      }),
    },
  };
}

export const benchmarks: Benchmark[] = [
  trainingStep(FULL, 'f32', 'run'),
  trainingStep(FULL, 'bf16', 'run'),
  trainingStep(SMALL, 'f32', 'check'),
];
