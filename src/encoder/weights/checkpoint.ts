/** Reads model.safetensors into a native encoder, and tensors out of it. */
import { join } from 'node:path';

import { allocateFloat32 } from '../../core/allocate.js';
import { EngineError } from '../../core/errors.js';
import { EncoderModel } from '../../native/encoder-model.js';
import type { NativeBlock } from '../../native/encoder-types.js';
import type { EncoderPrecision } from '../../native/precisions.js';
import type { Architecture, ParameterSource, PoolingChoice } from '../architectures/architecture.js';
import { SafetensorsFile } from '../formats/safetensors.js';
import { findTensors, type Network, readNetwork, type TensorPlaces } from './network.js';

/** A model and the names its tensors have in files. */
export interface Checkpoint extends Network, TensorPlaces {
  model: EncoderModel;
  /** Where it was read from. */
  folder: string;
}

/** Rows by which a table of words may be shorter than config.json says, which rounds the vocabulary up. */
const MAX_PADDING_ROWS = 63;

/**
 * @param folder with config.json and model.safetensors
 * @param architecture of the folder, if that is known
 * @throws EngineError `ERR_DATA` listing missing, unknown or misshapen tensors by name
 */
export async function loadCheckpoint(
  folder: string,
  pooling: PoolingChoice,
  precision: EncoderPrecision,
  architecture?: Architecture,
): Promise<Checkpoint> {
  const network = await readNetwork(folder, pooling, architecture);
  const file = await SafetensorsFile.open(join(folder, 'model.safetensors'));
  try {
    const places = findTensors(file, network);
    const model = new EncoderModel(network.spec, precision);
    try {
      for (const source of places.sources) await copyTensor(file, places.prefix, source, model);
    } catch (error) {
      await model.dispose();
      throw error;
    }
    return { ...network, ...places, model, folder };
  } finally {
    await file.close();
  }
}

/** A parameter under its name in the checkpoint, from any block of the model. */
export function readSource(model: EncoderModel, source: ParameterSource, block: NativeBlock): Float32Array {
  const { matrix, cols } = model.parameters.get(source.parameter)!;
  const out = allocateFloat32(source.rows * (matrix ? cols : 1), `the parameter ${source.parameter}`);
  model.read(block, source.parameter, source.row, out);
  return out;
}

/** Shape of the tensor in the checkpoint. */
export function shapeOf(model: EncoderModel, source: ParameterSource): number[] {
  const { matrix, cols } = model.parameters.get(source.parameter)!;
  return matrix ? [source.rows, cols] : [source.rows];
}

/** Copies one tensor of a file into a block of the model. */
export async function copyTensor(
  file: SafetensorsFile,
  prefix: string,
  source: ParameterSource,
  model: EncoderModel,
  block: NativeBlock = 'parameters',
): Promise<void> {
  const name = prefix + source.file;
  const { shape } = file.tensors.get(name)!;
  const expected = shapeOf(model, source);
  const padding = source.parameter === 'word' && shape[1] === expected[1] ? source.rows - shape[0]! : 0;
  if (shape.join() !== expected.join() && !(padding > 0 && padding <= MAX_PADDING_ROWS)) {
    throw new EngineError(
      'ERR_DATA',
      `Tensor "${name}" of ${file.path} has shape [${shape.join(', ')}], config.json asks for [${expected.join(', ')}]`,
    );
  }
  model.write(block, source.parameter, source.row, await file.readFloat32(name));
}
