import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EncoderModel, type LossSettings } from '../../src/native/encoder-model.js';
import type { EncoderSpec } from '../../src/native/encoder-types.js';
import { seededRandom } from '../support/random.js';
import { relativeError } from '../support/tolerances.js';

/** NomicBERT in small, but for the positions. */
const CONFIG: EncoderSpec = {
  layers: 2,
  hidden: 16,
  heads: 2,
  inner: 24,
  vocabulary: 40,
  types: 1,
  maxPositions: 8192,
  positions: 'rotary',
  ropeBase: 1000,
  embeddingNorm: true,
  activation: 'swiglu',
  biases: false,
  epsilon: 1e-12,
  pooling: 'mean',
  normalize: true,
  paddingId: 0,
};

function randomModel(seed: number): EncoderModel {
  const random = seededRandom(seed);
  const model = new EncoderModel(CONFIG, 'f32');
  for (const { name, rows, cols } of model.parameters.values()) {
    model.write(
      'parameters',
      name,
      0,
      Float32Array.from({ length: rows * cols }, () => (name.includes('norm') ? 1 : 0) + 0.6 * random() - 0.3),
    );
  }
  return model;
}

/** Texts of these lengths, with random tokens or all with the same one. */
function texts(lengths: readonly number[], token?: number) {
  const random = seededRandom(7);
  const offsets = Int32Array.of(0, ...lengths);
  lengths.forEach((length, i) => (offsets[i + 1] = offsets[i]! + length));
  const ids = Int32Array.from({ length: offsets.at(-1)! }, () => token ?? 1 + Math.floor(39 * random()));
  return { ids, offsets };
}

describe('an encoder, whatever the sizes', () => {
  let model: EncoderModel;
  let other: EncoderModel;
  beforeAll(() => {
    [model, other] = [randomModel(1), randomModel(2)];
  });
  afterAll(() => Promise.all([model.dispose(), other.dispose()]));

  it('gives 8,192 equal tokens what it gives one, because they attend to equal values', async () => {
    const embeddings = await model.encode(texts([1, 8192, 3], 5));
    const [one, many, few] = [0, 1, 2].map((i) => embeddings.subarray(16 * i, 16 * (i + 1)));
    expect(relativeError(many!, one!)).toBeLessThan(1e-5);
    expect(relativeError(few!, one!)).toBeLessThan(1e-5);
  });

  it('gives texts of one token and of thousands what each gets alone', async () => {
    const lengths = [1, 5000, 2, 1, 333];
    const batch = texts(lengths);
    const together = await model.encode(batch);
    for (const [i, length] of lengths.entries()) {
      const ids = batch.ids.slice(batch.offsets[i], batch.offsets[i + 1]);
      const alone = await model.encode({ ids, offsets: Int32Array.of(0, length) });
      expect(relativeError(together.subarray(16 * i, 16 * (i + 1)), alone), `text ${i}`).toBeLessThan(1e-5);
    }
  });

  it('is not disturbed by another one that computes at the same time', async () => {
    const [query, key] = [texts([3, 40, 7]), texts([9, 2, 30])];
    const loss: LossSettings = {
      labels: undefined,
      mode: 'one-way',
      logitScale: 10,
      memoryBudget: 2 ** 30,
      firstTrainedLayer: 0,
    };
    const gradient = async (of: EncoderModel): Promise<Float32Array> => {
      await of.backward(query, key, loss);
      const values = new Float32Array(16);
      of.read('gradients', 'word', query.ids[0]!, values);
      return values;
    };
    const alone = [await gradient(model), await gradient(other), await model.encode(query), await other.encode(key)];
    const together = await Promise.all([gradient(model), gradient(other), model.encode(query), other.encode(key)]);
    expect(together).toEqual(alone);
    expect(alone[0]!.some((value) => value !== 0)).toBe(true);
  });

  it('says how much memory is missing', () => {
    expect(() => new EncoderModel({ ...CONFIG, vocabulary: 2 ** 48 }, 'f32')).toThrow(
      expect.objectContaining({
        code: 'ERR_OUT_OF_MEMORY',
        message: expect.stringMatching(/memory for encoder parameters: 45\d+ elements of 4 bytes/) as string,
      }) as Error,
    );
  });
});
