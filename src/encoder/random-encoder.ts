import { allocateFloat32 } from '../core/allocate.js';
import { EngineError } from '../core/errors.js';
import { SeededRandom } from '../core/random.js';
import { expectInteger, expectOptions, expectPath, expectString } from '../core/validate.js';
import type { ParameterSource } from './architectures/architecture.js';
import { bert, INITIALIZER_RANGE, newBert } from './architectures/bert.js';
import { BERT_TOKENIZER } from './default-encoder.js';
import { writeEncoderFolder } from './folder/encoder-folder.js';
import { readModelFolder } from './folder/model-folder.js';
import type { TensorToWrite } from './formats/safetensors-writer.js';

export interface RandomEncoderOptions {
  layers: number;
  /** Width of the vectors. */
  hidden: number;
  /**
   * Attention heads; must divide `hidden`.
   *
   * @default `hidden / 64` or `hidden / 32` if that is an integer, otherwise 1
   */
  heads?: number | undefined;
  /** Width of the inner projection. @default 4 x hidden */
  inner?: number | undefined;
  /**
   * Encoder folder, with or without weights, from which the tokenizer and the settings are copied.
   *
   * @default the English WordPiece of BERT
   */
  like?: string | undefined;
  /** @default 0 */
  seed?: number | undefined;
}

const POSITIONS = 512;
const LARGEST = 2 ** 16;

/**
 * Writes a BERT encoder of any size with random weights. Its vectors have no meaning, but it takes the same time and
 * memory as a trained one. Equal options give equal bytes.
 *
 * @param target folder that is missing, empty, or holds an earlier encoder, which is replaced
 * @returns the number of parameters
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`; `ERR_DATA` if `like` is not an encoder folder or the target
 *   holds something else; `ERR_IO`
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
  const like = expectString(options.like ?? BERT_TOKENIZER, 'like');
  const { vocabSize, moduleFolder } = await readModelFolder(like, { weights: false });
  const sizes = { layers, hidden, heads, inner, vocabulary: vocabSize, maxPositions: POSITIONS };
  const { config, spec, layout } = newBert(sizes);
  const choice = { pooling: 'mean', normalize: true } as const;
  const tensors = layout
    .sources({ ...spec, ...choice })
    .map((source, i) =>
      randomTensor(source, source.parameter.endsWith('fc2.weight') ? inner : hidden, SeededRandom.stream(seed, i)),
    );
  await writeEncoderFolder(target, {
    modules: bert.folder.modules,
    sources: [moduleFolder, like],
    config,
    ...choice,
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

/** Initialises a tensor: layer-norm weights with 1, biases with 0, everything else from a normal distribution. */
function randomTensor({ file, parameter, rows }: ParameterSource, cols: number, random: SeededRandom): TensorToWrite {
  if (parameter.endsWith('.bias')) return { name: file, shape: [rows], read: () => new Float32Array(rows) };
  if (/norm\d?\.weight$/.test(parameter))
    return { name: file, shape: [rows], read: () => new Float32Array(rows).fill(1) };
  return { name: file, shape: [rows, cols], read: () => normal(rows * cols, random) };
}

/** Draws normal numbers by the Box-Muller transform, using both values of each pair. */
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
