import type { Revision } from '../../src/benchmarking/benchmark.js';
import type { NativeEncoderConfig } from '../../src/native/addon-types.js';
import type * as encoderModel from '../../src/native/encoder-model.js';
import type { EncoderModel } from '../../src/native/encoder-model.js';
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
