import { allocateFloat32 } from '../core/allocate.js';
import { EngineError } from '../core/errors.js';
import { SeededRandom } from '../core/random.js';
import { expectInteger, expectOptions, expectPath, expectString } from '../native/validate.js';
import { DEFAULT_ENCODER } from './default-encoder.js';
import { writeEncoderFolder } from './folder/encoder-folder.js';
import { readModelFolder } from './folder/model-folder.js';
import type { TensorToWrite } from './formats/safetensors-writer.js';
import { nativeConfig } from './weights/native-config.js';
import { type ParameterSource, parameterSources } from './weights/parameter-names.js';

export interface RandomEncoderOptions {
  layers: number;
  /** Width of the vectors. */
  hidden: number;
  /** Attention heads; divides `hidden`. @default one for every 64 of the width, or 32, or one in all */
  heads?: number | undefined;
  /** Width of the inner projection. @default 4 x hidden */
  inner?: number | undefined;
  /**
   * Encoder folder, with or without weights, that the tokenizer and the settings are taken from. @default the encoder
   * that comes with the package
   */
  like?: string | undefined;
  /** @default 0 */
  seed?: number | undefined;
}

/** Of the weights of BERT before its training. */
const INITIALIZER_RANGE = 0.02;
const POSITIONS = 512;
const LARGEST = 2 ** 16;

/**
 * Writes a BERT encoder of any size with random weights: its vectors mean nothing, but it takes the time and the memory
 * of a trained one. The same options give the same bytes.
 *
 * @param target missing, empty, or an earlier encoder, which is replaced
 * @returns the number of parameters
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`; `ERR_DATA` if `like` is no encoder folder or the target holds
 *   something else; `ERR_IO`
 */
export async function writeRandomEncoder(target: string, options: RandomEncoderOptions): Promise<number> {
  expectPath(target, 'target');
  expectOptions(options, 'options', ['layers', 'hidden', 'heads', 'inner', 'like', 'seed']);
  const layers = expectInteger(options.layers, 'layers', 1, LARGEST);
  const hidden = expectInteger(options.hidden, 'hidden', 1, LARGEST);
  const heads = expectInteger(options.heads ?? headsFor(hidden), 'heads', 1, hidden);
  if (hidden % heads !== 0)
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected a divisor of "hidden", which is ${hidden}, for "heads", got ${heads}`,
    );
  const inner = expectInteger(options.inner ?? 4 * hidden, 'inner', 1, 16 * LARGEST);
  const seed = expectInteger(options.seed ?? 0, 'seed', 0);
  const like = expectString(options.like ?? DEFAULT_ENCODER, 'like');
  const { vocabSize, transformer } = await readModelFolder(like, { weights: false });
  const config = {
    model_type: 'bert',
    architectures: ['BertModel'],
    hidden_act: 'gelu',
    hidden_size: hidden,
    initializer_range: INITIALIZER_RANGE,
    intermediate_size: inner,
    layer_norm_eps: 1e-12,
    max_position_embeddings: POSITIONS,
    num_attention_heads: heads,
    num_hidden_layers: layers,
    pad_token_id: 0,
    position_embedding_type: 'absolute',
    type_vocab_size: 2,
    vocab_size: vocabSize,
  };
  const native = nativeConfig(config, 'config.json', { pooling: 'mean', normalize: true });
  const tensors = parameterSources('bert', native).map((source, i) =>
    randomTensor(source, source.parameter.endsWith('fc2.weight') ? inner : hidden, SeededRandom.stream(seed, i)),
  );
  await writeEncoderFolder(target, {
    sources: [transformer, like],
    config,
    pooling: 'mean',
    normalize: true,
    dim: hidden,
    positions: POSITIONS,
    tensors,
  });
  return tensors.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
}

function headsFor(hidden: number): number {
  const width = [64, 32].find((candidate) => hidden % candidate === 0);
  return width === undefined ? 1 : hidden / width;
}

/** Scales of layer norms are 1, shifts 0, and everything else normal. */
function randomTensor({ file, parameter, rows }: ParameterSource, cols: number, random: SeededRandom): TensorToWrite {
  if (parameter.endsWith('.bias')) return { name: file, shape: [rows], read: () => new Float32Array(rows) };
  if (/norm\d?\.weight$/.test(parameter))
    return { name: file, shape: [rows], read: () => new Float32Array(rows).fill(1) };
  return { name: file, shape: [rows, cols], read: () => normal(rows * cols, random) };
}

/** Box-Muller, both values of each pair. */
function normal(count: number, random: SeededRandom): Float32Array {
  const values = allocateFloat32(count, 'a parameter');
  for (let i = 0; i < count; i += 2) {
    const radius = INITIALIZER_RANGE * Math.sqrt(-2 * Math.log(1 - random.next()));
    const angle = 2 * Math.PI * random.next();
    values[i] = radius * Math.cos(angle);
    if (i + 1 < count) values[i + 1] = radius * Math.sin(angle);
  }
  return values;
}
