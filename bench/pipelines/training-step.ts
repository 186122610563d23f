/**
 * One training step (forward, loss, backward, AdamW) of a MiniLM beside the bare oneDNN products that it is made of: of each
 * weight y = x w^T, dx = dy w and dw = dy^T x, with all tokens at once, operands converted and packed beforehand. Both count
 * as 6 operations per token and weight. Weights are random: speed does not depend on them.
 */
import type { NativeEncoderConfig } from '../../src/native/addon-types.js';
import { EncoderModel, type PackedTokens } from '../../src/native/encoder-model.js';
import { addon } from '../../src/native/loader.js';
import { randomUnitRows } from '../../test/support/random.js';
import { compare, type ComparisonResult } from '../support/compare.js';
import { report } from '../support/report.js';

const PAIRS = 48;
const TOKENS = 128;
const ROUNDS = 3;
const CONFIG: NativeEncoderConfig = {
  layers: 6, hidden: 384, heads: 12, inner: 1536, vocabulary: 30522, types: 2, maxPositions: 512, ropeBase: 0,
  gated: false, biases: true, epsilon: 1e-12, pooling: 'mean', normalize: true, paddingId: 0,
};
/** [out, in] of the products of one layer. */
const SHAPES = [[3 * CONFIG.hidden, CONFIG.hidden], [CONFIG.hidden, CONFIG.hidden], [CONFIG.inner, CONFIG.hidden], [CONFIG.hidden, CONFIG.inner]] as const;

function randomModel(precision: 'f32' | 'bf16'): EncoderModel {
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
function products(rows: number, kind: 0 | 1): () => Promise<number> {
  const operands = SHAPES.map(([out, width]) => ({ out, width, w: randomUnitRows(out, width, 1), x: randomUnitRows(rows, width, 2), dy: randomUnitRows(rows, out, 3) }));
  const result = new Float32Array(rows * CONFIG.inner);
  return async () => {
    let seconds = 0;
    for (const { out, width, w, x, dy } of operands) {
      seconds += await addon().matmulSeconds(x, w, result.subarray(0, rows * out), rows, out, width, false, true, kind);
      seconds += await addon().matmulSeconds(dy, w, result.subarray(0, rows * width), rows, width, out, false, false, kind);
      seconds += await addon().matmulSeconds(dy, x, result.subarray(0, out * width), out, width, rows, true, false, kind);
    }
    return seconds * CONFIG.layers;
  };
}

const results: ComparisonResult[] = [];
const [query, key] = [randomTokens(1), randomTokens(2)];
const rows = 2 * PAIRS * TOKENS;
for (const precision of ['f32', 'bf16'] as const) {
  const model = randomModel(precision);
  const loss = { labels: undefined, mode: 'one-way', logitScale: 20, memoryBudget: 2 ** 30, firstTrainedLayer: 0 } as const;
  const update = { learningRate: 1e-4, weightDecay: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, maxGradNorm: 1 };
  let step = 0;
  const train = () => model.step(query, key, loss, { ...update, step: ++step });
  // Correct gradients lower the loss of a batch that is seen again; parity with PyTorch is what the tests are for.
  const before = (await train()).loss;
  await train();
  const after = (await train()).loss;
  if (!(after < before)) throw new Error(`The loss went from ${before} to ${after} in ${precision}`);
  const perToken = 6 * CONFIG.layers * SHAPES.reduce((sum, [out, width]) => sum + out * width, 0);
  const work = (perToken * rows) / 1e9;
  results.push(
    await compare({
      name: `training-step/MiniLM/${precision}`,
      sizes: { pairs: PAIRS, tokens: rows },
      subject: { name: 'univar', run: train },
      peer: { name: `oneDNN ${precision} products`, run: products(rows, precision === 'bf16' ? 1 : 0), timesItself: true },
      work: { unit: 'GFLOP', subject: work, peer: work },
      target: 0.65,
      rounds: ROUNDS,
    }),
  );
  await model.dispose();
}
report('training-step', results);
