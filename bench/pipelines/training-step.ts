/**
 * One training step (forward, loss, backward, AdamW) of a MiniLM beside the bare oneDNN products that it is made of: of each
 * weight y = x w^T, dx = dy w and dw = dy^T x, with all tokens at once, operands converted and packed beforehand. Both count
 * as 6 operations per token and weight. Weights are random: speed does not depend on them.
 */
import type { Benchmark, Revision, Subject } from '../../src/benchmarking/benchmark.js';
import type { Addon, NativeEncoderConfig } from '../../src/native/addon-types.js';
import type * as encoderModel from '../../src/native/encoder-model.js';
import type { EncoderModel, PackedTokens } from '../../src/native/encoder-model.js';
import { randomUnitRows } from '../../test/support/random.js';
import { openAddon } from '../support/engine.js';

export { environment } from '../support/engine.js';

const PAIRS = 48;
const TOKENS = 128;
const CONFIG: NativeEncoderConfig = {
  layers: 6, hidden: 384, heads: 12, inner: 1536, vocabulary: 30522, types: 2, maxPositions: 512, ropeBase: 0,
  gated: false, biases: true, epsilon: 1e-12, pooling: 'mean', normalize: true, paddingId: 0,
};
/** [out, in] of the products of one layer. */
const SHAPES = [[3 * CONFIG.hidden, CONFIG.hidden], [CONFIG.hidden, CONFIG.hidden], [CONFIG.inner, CONFIG.hidden], [CONFIG.hidden, CONFIG.inner]] as const;

async function randomModel(revision: Revision, precision: 'f32' | 'bf16'): Promise<EncoderModel> {
  const { EncoderModel } = await revision.import<typeof encoderModel>('dist/native/encoder-model.js');
  const model = new EncoderModel(CONFIG, precision);
  let seed = 1;
  for (const { name, rows, cols } of model.parameters.values()) {
    const isNorm = name.includes('norm') && name.endsWith('weight');
    // Rows of unit length would be large; embeddings and weights of trained encoders have entries of about 0.04.
    const values = isNorm ? new Float32Array(cols).fill(1) : randomUnitRows(rows, cols, seed++).map((value) => 0.04 * Math.sqrt(cols) * value);
    model.write('parameters', name, 0, values);
  }
  return model;
}

function randomTokens(seed: number): PackedTokens {
  let state = seed;
  const ids = Int32Array.from({ length: PAIRS * TOKENS }, () => (state = (state * 48271) % 2147483647) % CONFIG.vocabulary);
  return { ids, offsets: Int32Array.from({ length: PAIRS + 1 }, (_, i) => i * TOKENS) };
}

/** Seconds of all products of one step, one layer timed and multiplied. */
function products(addon: Addon, rows: number, kind: 0 | 1): () => Promise<number> {
  const operands = SHAPES.map(([out, width]) => ({ out, width, w: randomUnitRows(out, width, 1), x: randomUnitRows(rows, width, 2), dy: randomUnitRows(rows, out, 3) }));
  const result = new Float32Array(rows * CONFIG.inner);
  return async () => {
    let seconds = 0;
    for (const { out, width, w, x, dy } of operands) {
      seconds += await addon.matmulSeconds(x, w, result.subarray(0, rows * out), rows, out, width, false, true, kind);
      seconds += await addon.matmulSeconds(dy, w, result.subarray(0, rows * width), rows, width, out, false, false, kind);
      seconds += await addon.matmulSeconds(dy, x, result.subarray(0, out * width), out, width, rows, true, false, kind);
    }
    return seconds * CONFIG.layers;
  };
}

const ROWS = 2 * PAIRS * TOKENS;
/** GFLOP of the products of a step. */
const WORK = (6 * CONFIG.layers * ROWS * SHAPES.reduce((sum, [out, width]) => sum + out * width, 0)) / 1e9;

function trainingStep(precision: 'f32' | 'bf16'): Benchmark {
  return {
    name: `training-step/MiniLM/${precision}`,
    sizes: { pairs: PAIRS, tokens: ROWS },
    subject: 'univar',
    only: 'run',
    work: { unit: 'GFLOP', subject: WORK, peer: WORK },
    target: 0.65,
    rounds: 5,
    prepare: async (revision): Promise<Subject> => {
      const [query, key] = [randomTokens(1), randomTokens(2)];
      const model = await randomModel(revision, precision);
      const loss = { labels: undefined, mode: 'one-way', logitScale: 20, memoryBudget: 2 ** 30, firstTrainedLayer: 0 } as const;
      const update = { learningRate: 1e-4, weightDecay: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, maxGradNorm: 1 };
      let step = 0;
      const train = () => model.step(query, key, loss, { ...update, step: ++step });
      // Correct gradients lower the loss of a batch that is seen again; parity with PyTorch is what the tests are for.
      const before = (await train()).loss;
      await train();
      const after = (await train()).loss;
      if (!(after < before)) throw new Error(`The loss went from ${before} to ${after} in ${precision}`);
      return { run: train, details: () => ({ peakMiB: Math.round(process.resourceUsage().maxRSS / 1024) }), close: () => model.dispose() };
    },
    peer: {
      name: `oneDNN ${precision} products`,
      prepare: async (revision): Promise<Subject> => ({ run: products(await openAddon(revision), ROWS, precision === 'bf16' ? 1 : 0), timesItself: true }),
    },
  };
}

export const benchmarks: Benchmark[] = [trainingStep('f32'), trainingStep('bf16')];
