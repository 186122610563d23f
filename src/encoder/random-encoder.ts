import { allocateFloat32 } from '../core/allocate.js';
import { EngineError } from '../core/errors.js';
import { SeededRandom } from '../core/random.js';
import { expectInteger, expectOptions, expectPath, expectString } from '../core/validate.js';
import type { ParameterSource } from './architectures/architecture.js';
import { bert, INITIALIZER_RANGE, newBert } from './architectures/bert.js';
import { DEFAULT_ENCODER } from './default-encoder.js';
import { writeEncoderFolder } from './folder/encoder-folder.js';
import { readModelFolder } from './folder/model-folder.js';
import type { TensorToWrite } from './formats/safetensors-writer.js';

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
