import type { Revision } from '../../src/benchmarking/benchmark.js';
import type { NativeEncoderConfig } from '../../src/native/addon-types.js';
import type * as encoderModel from '../../src/native/encoder-model.js';
import type { EncoderModel, PackedTokens } from '../../src/native/encoder-model.js';
import { randomUnitRows } from '../../test/support/random.js';

/** An encoder with weights such as trained ones have. */
export async function randomModel(revision: Revision, config: NativeEncoderConfig, precision: 'f32' | 'bf16'): Promise<EncoderModel> {
  const { EncoderModel } = await revision.import<typeof encoderModel>('dist/native/encoder-model.js');
  const model = new EncoderModel(config, precision);
  let seed = 1;
  for (const { name, rows, cols } of model.parameters.values()) {
    const isNorm = name.includes('norm') && name.endsWith('weight');
    // Rows of unit length would be large; embeddings and weights of trained encoders have entries of about 0.04.
    const values = isNorm ? new Float32Array(cols).fill(1) : randomUnitRows(rows, cols, seed++).map((value) => 0.04 * Math.sqrt(cols) * value);
    model.write('parameters', name, 0, values);
  }
  return model;
}

/**
 * Trains on one batch again and again: the function makes a step. Before it returns it has made three, and thrown unless the loss
 * fell, as it does with correct gradients; parity with PyTorch is what the tests are for.
 */
export async function startTraining(model: EncoderModel, query: PackedTokens, key: PackedTokens, memoryBudget: number): Promise<() => Promise<{ loss: number }>> {
  const loss = { labels: undefined, mode: 'one-way', logitScale: 20, memoryBudget, firstTrainedLayer: 0 } as const;
  const update = { learningRate: 1e-4, weightDecay: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, maxGradNorm: 1 };
  let step = 0;
  const train = () => model.step(query, key, loss, { ...update, step: ++step });
  const before = (await train()).loss;
  await train();
  const after = (await train()).loss;
  if (!(after < before)) throw new Error(`The loss went from ${before} to ${after} in ${model.precision}`);
  return train;
}
