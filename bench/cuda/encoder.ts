/**
 * An encoder of the size of NomicBERT (137 million parameters) in bf16 on texts whose lengths vary as those of answers do: tokens
 * per second of embedding and of training steps. No peer: PyTorch has no NomicBERT without downloading one.
 */
import type { Benchmark, Revision, Subject } from '../../src/benchmarking/benchmark.js';
import type { NativeEncoderConfig } from '../../src/native/addon-types.js';
import type { PackedTokens } from '../../src/native/encoder-model.js';
import { seededRandom } from '../../test/support/random.js';
import { openEngine } from '../support/engine.js';
import { randomModel, startTraining } from '../support/random-model.js';
import { wantedSize } from './sizes.js';

export { environment } from '../support/engine.js';

interface Size {
  texts: number;
  config: NativeEncoderConfig;
}
const NOMIC: NativeEncoderConfig = {
  layers: 12, hidden: 768, heads: 12, inner: 3072, vocabulary: 30528, types: 2, maxPositions: 8192, ropeBase: 1000,
  gated: true, biases: false, epsilon: 1e-12, pooling: 'mean', normalize: true, paddingId: 0,
};
const SMALL: NativeEncoderConfig = { ...NOMIC, layers: 2, hidden: 64, heads: 2, inner: 96, vocabulary: 500 };
/** Lengths spread evenly from 2 to twice the mean. */
const MEAN_TOKENS = 147;

const size = wantedSize<Size>({ full: { texts: 1024, config: NOMIC }, small: { texts: 6, config: SMALL } });

export const benchmarks: Benchmark[] = size === undefined ? [] : [forward(size), trainingStep(size)];

function texts({ texts: count, config }: Size, seed: number): PackedTokens {
  const random = seededRandom(seed);
  const offsets = new Int32Array(count + 1);
  for (let i = 0; i < count; i++) offsets[i + 1] = offsets[i]! + 2 + Math.floor(2 * (MEAN_TOKENS - 2) * random());
  return { ids: Int32Array.from({ length: offsets[count]! }, () => 1 + Math.floor((config.vocabulary - 1) * random())), offsets };
}

function forward(of: Size): Benchmark {
  const batch = texts(of, 1);
  return {
    name: 'cuda/encoder/forward/bf16',
    sizes: { texts: of.texts, tokens: batch.ids.length },
    subject: 'EncoderModel.encode',
    only: 'run',
    work: { unit: 'tokens', subject: batch.ids.length, peer: batch.ids.length },
    prepare: async (revision: Revision): Promise<Subject> => {
      const model = await randomModel(revision, of.config, 'bf16');
      const embeddings = await model.encode(batch);
      const one = { ids: batch.ids.slice(0, batch.offsets[1]), offsets: batch.offsets.slice(0, 2) };
      const alone = await model.encode(one);
      const cosine = alone.reduce((sum, value, i) => sum + value * embeddings[i]!, 0);
      if (!(cosine > 0.999)) throw new Error(`A text alone and in its batch have the cosine ${cosine}`);
      return { run: () => model.encode(batch), close: () => model.dispose() };
    },
  };
}

function trainingStep(of: Size): Benchmark {
  const [query, key] = [texts({ ...of, texts: of.texts / 2 }, 2), texts({ ...of, texts: of.texts / 2 }, 3)];
  const tokens = query.ids.length + key.ids.length;
  return {
    name: 'cuda/encoder/training-step/bf16',
    sizes: { pairs: of.texts / 2, tokens },
    subject: 'EncoderModel.step',
    only: 'run',
    work: { unit: 'tokens', subject: tokens, peer: tokens },
    prepare: async (revision: Revision): Promise<Subject> => {
      const model = await randomModel(revision, of.config, 'bf16');
      // On a device, activations of all layers have room; on the host the gradient cache takes over.
      const memoryBudget = (await openEngine(revision)).capabilities().backend === 'cuda' ? 2 ** 35 : 2 ** 30;
      const train = await startTraining(model, query, key, memoryBudget);
      return { run: train, close: () => model.dispose() };
    },
  };
}
