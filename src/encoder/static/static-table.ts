import { allocateFloat32 } from '../../core/allocate.js';
import { EngineError } from '../../core/errors.js';
import type { NgramTableData } from '../../native/ngram-types.js';
import { SafetensorsFile } from '../formats/safetensors.js';
import type { StaticFolder } from './static-folder.js';

const WEIGHTS = 'weights';
const MAPPING = 'mapping';

/** Reads the width of a table. @throws EngineError `ERR_DATA` */
export async function readStaticDim(folder: StaticFolder): Promise<number> {
  const file = await SafetensorsFile.open(folder.weights);
  try {
    return shapeOf(file, folder).dim;
  } finally {
    await file.close();
  }
}

/**
 * Reads a table with one row per token. model2vec can share rows between tokens (`mapping`) and weight tokens
 * (`weights`); both are applied here.
 *
 * @throws EngineError `ERR_DATA` naming the file and the problem, `ERR_OUT_OF_MEMORY`
 */
export async function readStaticTable(folder: StaticFolder): Promise<NgramTableData> {
  const file = await SafetensorsFile.open(folder.weights);
  try {
    const { rows: count, dim } = shapeOf(file, folder);
    const rows = await readRows(file, folder.tensor);
    const hasWeights = folder.isModel2vec && file.tensors.has(WEIGHTS);
    const hasMapping = folder.isModel2vec && file.tensors.has(MAPPING);
    if (!hasWeights && !hasMapping) return { dim, rows };
    const mapping = hasMapping ? await readMapping(file, count) : Int32Array.from({ length: count }, (_, row) => row);
    const weights = hasWeights ? await file.readFloat32(WEIGHTS) : new Float32Array(mapping.length).fill(1);
    if (weights.length !== mapping.length)
      throw new EngineError('ERR_DATA', `${file.path}: ${weights.length} weights of ${mapping.length} tokens`);
    const tokens = allocateFloat32(mapping.length * dim, 'the table');
    mapping.forEach((row, token) => {
      for (let j = 0; j < dim; j++) tokens[token * dim + j] = rows[row * dim + j]! * weights[token]!;
    });
    return { dim, rows: tokens };
  } finally {
    await file.close();
  }
}

function shapeOf(file: SafetensorsFile, { tensor }: StaticFolder): { rows: number; dim: number } {
  const [rows, dim, ...others] = file.tensors.get(tensor)?.shape ?? [];
  if (rows === undefined || dim === undefined || dim === 0 || others.length > 0)
    throw new EngineError('ERR_DATA', `${file.path} has no matrix "${tensor}"`);
  return { rows, dim };
}

/** model2vec stores int8 rows without scales, because a common factor does not change the direction of a mean. */
async function readRows(file: SafetensorsFile, tensor: string): Promise<Float32Array> {
  if (file.tensors.get(tensor)!.dtype !== 'I8') return file.readFloat32(tensor);
  return Float32Array.from(new Int8Array(await file.readBytes(tensor)));
}

async function readMapping(file: SafetensorsFile, rows: number): Promise<Int32Array> {
  const bytes = await file.readBytes(MAPPING);
  const numbers =
    file.tensors.get(MAPPING)!.dtype === 'I64'
      ? Array.from(new BigInt64Array(bytes), Number)
      : Array.from(new Int32Array(bytes));
  const wrong = numbers.find((row) => !(row >= 0 && row < rows));
  if (wrong === undefined) return Int32Array.from(numbers);
  throw new EngineError('ERR_DATA', `${file.path}: "${MAPPING}" has ${wrong}, but the table has ${rows} rows`);
}
