import type { Revision } from '../../packages/bench-gate/src/benchmark.js';
import type * as encoderModel from '../../src/native/encoder-model.js';
import type { EncoderModel } from '../../src/native/encoder-model.js';
import type { EncoderSpec } from '../../src/native/encoder-types.js';
import type { PackedTokens } from '../../src/native/packed-tokens.js';
import { randomUnitRows } from '../../test/support/random.js';

/** Creates an encoder with random weights of the same scale as trained ones. */
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
    // Rows of unit length would be too large: embeddings and weights of trained encoders have entries of about 0.04.
    const values = isNorm
      ? new Float32Array(cols).fill(1)
      : randomUnitRows(rows, cols, seed++).map((value) => 0.04 * Math.sqrt(cols) * value);
    model.write('parameters', name, 0, values);
  }
  return model;
}

/** Training settings of {@link startTraining}. */
export const TRAINING = {
  logitScale: 20,
  update: { learningRate: 1e-4, weightDecay: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, maxGradNorm: 1 },
};

/**
 * Trains repeatedly on one batch. Makes three steps before it returns, returns their losses, and throws unless they
 * fall, as they do with correct gradients. Tests check parity with PyTorch.
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
