/**
 * Compares an encoder of the size of NomicBERT (137 million parameters) in bf16 with the same encoder in PyTorch
 * (torch_peer.py), on texts with varied lengths like those of answers. Measures tokens per second of embedding and of
 * training steps, from token ids on the host to embeddings or the loss on the host.
 */
import type { Benchmark, Peer, Revision, Subject } from '../../packages/bench-gate/src/benchmark.js';
import type { EncoderSpec } from '../../src/native/encoder-types.js';
import { joinPackedTokens, type PackedTokens } from '../../src/native/packed-tokens.js';
import { seededRandom } from '../../test/support/random.js';
import { smallestCosine } from '../support/cosine.js';
import { openEngine } from '../support/engine.js';
import { randomModel, startTraining, TRAINING } from '../support/random-model.js';
import { wantedSize } from './sizes.js';
import { TORCH, type TorchMode, TorchPeer } from './torch-peer.js';

export { environment } from '../support/engine.js';

interface Size {
  texts: number;
  trainingPairs: number;
  config: EncoderSpec;
}
const NOMIC: EncoderSpec = {
  layers: 12,
  hidden: 768,
  heads: 12,
  inner: 3072,
  vocabulary: 30528,
  types: 2,
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
const SMALL: EncoderSpec = { ...NOMIC, layers: 4, hidden: 256, heads: 4, inner: 512, vocabulary: 500 };
/** Lengths spread evenly from 2 to twice the mean. */
const MEAN_TOKENS = 147;
/** Minimum cosines of embeddings. PyTorch also rounds the hidden states between layers to bf16. */
const COSINE = { ours: 0.999, torch: 0.99 };
/** Tolerance of the losses of the first three steps, whose products are rounded differently. */
const LOSS_TOLERANCE = 0.02;

const size = wantedSize<Size>({
  full: { texts: 1024, trainingPairs: 256, config: NOMIC },
  small: { texts: 6, trainingPairs: 3, config: SMALL },
});

export const benchmarks: Benchmark[] = encoderBeside(TORCH === undefined ? undefined : 'eager');

/** Returns no benchmarks unless they are requested. */
export function encoderBeside(how: TorchMode | undefined): Benchmark[] {
  return size === undefined ? [] : [forward(size, how), trainingStep(size, how)];
}

function texts({ texts: count, config }: Pick<Size, 'texts' | 'config'>, seed: number): PackedTokens {
  const random = seededRandom(seed);
  const offsets = new Int32Array(count + 1);
  for (let i = 0; i < count; i++) offsets[i + 1] = offsets[i]! + 2 + Math.floor(2 * (MEAN_TOKENS - 2) * random());
  return {
    ids: Int32Array.from({ length: offsets[count]! }, () => 1 + Math.floor((config.vocabulary - 1) * random())),
    offsets,
  };
}

function nameOf(what: string, how: TorchMode | undefined): string {
  return ['cuda/encoder', what, 'bf16', ...(how === undefined ? [] : [how])].join('/');
}

function forward(of: Size, how: TorchMode | undefined): Benchmark {
  const batch = texts(of, 1);
  return {
    name: nameOf('forward', how),
    sizes: { texts: of.texts, tokens: batch.ids.length },
    subject: 'EncoderModel.encode',
    only: 'run',
    work: { unit: 'tokens', subject: batch.ids.length, peer: batch.ids.length },
    prepare: async (revision: Revision): Promise<Subject> => {
      const model = await randomModel(revision, of.config, 'bf16');
      const embeddings = await model.encode(batch);
      const one = { ids: batch.ids.slice(0, batch.offsets[1]), offsets: batch.offsets.slice(0, 2) };
      expectAlike(await model.encode(one), embeddings, of, COSINE.ours, 'A text alone and in its batch');
      return { run: () => model.encode(batch), close: () => model.dispose() };
    },
    ...(how && { peer: embeddingInTorch(of, batch, how) }),
  };
}

function embeddingInTorch(of: Size, batch: PackedTokens, how: TorchMode): Peer {
  return {
    name: `PyTorch ${TORCH!} ${how}`,
    prepare: async (revision, subject): Promise<Subject> => {
      const { arrays, options } = await torchInputs(revision, of, batch, how);
      const sample = Array.from({ length: Math.min(of.texts, 8) }, (_, i) => i);
      const peer = await TorchPeer.start<{ embeddings: number[][] }>(
        { operation: 'encode', ...options, sample },
        arrays,
      );
      expectAlike(
        Float32Array.from(peer.results.embeddings.flat()),
        (await subject.run()) as Float32Array,
        of,
        COSINE.torch,
        'Texts here and in PyTorch',
      );
      return peer;
    },
  };
}

function trainingStep(of: Size, how: TorchMode | undefined): Benchmark {
  const [query, key] = [texts({ ...of, texts: of.trainingPairs }, 2), texts({ ...of, texts: of.trainingPairs }, 3)];
  const tokens = query.ids.length + key.ids.length;
  let losses: number[] = [];
  return {
    name: nameOf('training-step', how),
    sizes: { pairs: of.trainingPairs, tokens },
    subject: 'EncoderModel.step',
    only: 'run',
    work: { unit: 'tokens', subject: tokens, peer: tokens },
    prepare: async (revision: Revision): Promise<Subject> => {
      const model = await randomModel(revision, of.config, 'bf16');
      // On a device, the activations of all layers fit. On the host, the gradient cache is used.
      const memoryBudget = (await openEngine(revision)).capabilities().backend === 'cuda' ? 2 ** 35 : 2 ** 30;
      const training = await startTraining(model, query, key, memoryBudget);
      losses = training.losses;
      return { run: training.step, close: () => model.dispose() };
    },
    ...(how && { peer: trainingInTorch(of, joinPackedTokens(query, key), how, () => losses) }),
  };
}

function trainingInTorch(of: Size, batch: PackedTokens, how: TorchMode, lossesHere: () => readonly number[]): Peer {
  return {
    name: `PyTorch ${TORCH!} ${how}`,
    prepare: async (revision): Promise<Subject> => {
      const { arrays, options } = await torchInputs(revision, of, batch, how);
      const peer = await TorchPeer.start<{ losses: number[] }>({ operation: 'train', ...options, ...TRAINING }, arrays);
      const [ours, theirs] = [lossesHere(), peer.results.losses];
      if (!theirs.every((loss, step) => Math.abs(ours[step]! / loss - 1) < LOSS_TOLERANCE)) {
        throw new Error(`The losses of the first steps are ${ours.join(', ')}, PyTorch's are ${theirs.join(', ')}`);
      }
      return peer;
    },
  };
}

/** Writes the inputs of PyTorch: the initial weights of every {@link randomModel}, and texts. */
async function torchInputs(revision: Revision, { config }: Size, { ids, offsets }: PackedTokens, how: TorchMode) {
  const model = await randomModel(revision, config, 'bf16');
  const parameters = [...model.parameters.values()];
  const weights = new Float32Array(Math.max(...parameters.map(({ offset, rows, cols }) => offset + rows * cols)));
  for (const { name, offset, rows, cols } of parameters)
    model.read('parameters', name, 0, weights.subarray(offset, offset + rows * cols));
  await model.dispose();
  const list = parameters.map(({ name, offset, rows, cols }) => [name, offset, rows, cols]);
  return {
    arrays: { weights, ids },
    options: { compiled: how === 'compiled', config, parameters: list, offsets: Array.from(offsets) },
  };
}

/** Compares the rows of `some` with the first rows of `all`. */
function expectAlike(some: Float32Array, all: Float32Array, { config }: Size, smallest: number, what: string): void {
  const cosine = smallestCosine(some, all, config.hidden);
  if (!(cosine > smallest)) throw new Error(`${what} have the cosine ${cosine}`);
}
