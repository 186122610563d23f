import type { Revision } from '../../src/benchmarking/benchmark.js';
import type * as encoderModel from '../../src/native/encoder-model.js';
import type { EncoderModel } from '../../src/native/encoder-model.js';
import type { EncoderSpec } from '../../src/native/encoder-types.js';
import type { PackedTokens } from '../../src/native/packed-tokens.js';
import { randomUnitRows } from '../../test/support/random.js';

/** An encoder with weights such as trained ones have. */
export async function randomModel(
  revision: Revision,
  config: EncoderSpec,
  precision: 'f32' | 'bf16',
): Promise<EncoderModel> {
  const { EncoderModel } = await revision.import<typeof encoderModel>('dist/native/encoder-model.js');
  const model = new EncoderModel(config, precision);
  let seed = 1;
  for (const { name, rows, cols } of model.parameters.values()) {
    const isNorm = name.includes('norm') && name.endsWith('weight');
    // Rows of unit length would be large; embeddings and weights of trained encoders have entries of about 0.04.
    const values = isNorm
      ? new Float32Array(cols).fill(1)
      : randomUnitRows(rows, cols, seed++).map((value) => 0.04 * Math.sqrt(cols) * value);
    model.write('parameters', name, 0, values);
  }
  return model;
}

/** How {@link startTraining} trains. */
export const TRAINING = {
  logitScale: 20,
  update: { learningRate: 1e-4, weightDecay: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, maxGradNorm: 1 },
};

/**
 * Trains on one batch again and again. Before it returns it has made three steps, whose losses it gives, and thrown
 * unless these fell, as they do with correct gradients; parity with PyTorch is what the tests are for.
 */
export async function startTraining(
  model: EncoderModel,
  query: PackedTokens,
  key: PackedTokens,
  memoryBudget: number,
): Promise<{ step: () => Promise<{ loss: number }>; losses: number[] }> {
  const loss = {
    labels: undefined,
    mode: 'one-way',
    logitScale: TRAINING.logitScale,
    memoryBudget,
    firstTrainedLayer: 0,
  } as const;
  let made = 0;
  const step = () => model.step(query, key, loss, { ...TRAINING.update, step: ++made });
  const losses: number[] = [];
  for (let i = 0; i < 3; i++) losses.push((await step()).loss);
  if (!(losses[2]! < losses[0]!))
    throw new Error(`The losses of the first steps in ${model.precision} are ${losses.join(', ')}`);
  return { step, losses };
}
