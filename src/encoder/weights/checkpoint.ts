/** Loads model.safetensors into a native encoder, and reads tensors from the encoder. */
import { join } from 'node:path';

import { allocateFloat32 } from '../../core/allocate.js';
import { EngineError } from '../../core/errors.js';
import { EncoderModel } from '../../native/encoder-model.js';
import type { NativeBlock } from '../../native/encoder-types.js';
import type { EncoderPrecision } from '../../native/precisions.js';
import type { Architecture, ParameterSource, PoolingChoice } from '../architectures/architecture.js';
import { SafetensorsFile } from '../formats/safetensors.js';
import { findTensors, type Network, readNetwork, type TensorPlaces } from './network.js';

/** A model and the names of its tensors in files. */
export interface Checkpoint extends Network, TensorPlaces {
  model: EncoderModel;
  /** Folder from which it was read. */
  folder: string;
}

/** Number of rows by which the word table can be shorter than in config.json, which rounds the vocabulary size up. */
const MAX_PADDING_ROWS = 63;

/**
 * Loads a checkpoint into a native encoder.
 *
 * @param folder folder with config.json and model.safetensors
 * @param architecture architecture of the folder, if known
 * @throws EngineError `ERR_DATA` listing tensors that are missing, unknown or have the wrong shape
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

/** Reads a tensor of the checkpoint from any block of the model. */
export function readSource(model: EncoderModel, source: ParameterSource, block: NativeBlock): Float32Array {
  const { matrix, cols } = model.parameters.get(source.parameter)!;
  const out = allocateFloat32(source.rows * (matrix ? cols : 1), `the parameter ${source.parameter}`);
  model.read(block, source.parameter, source.row, out);
  return out;
}

/** Returns the shape of a tensor in the checkpoint. */
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
      `Tensor "${name}" of ${file.path} has shape [${shape.join(', ')}], ` +
        `but config.json requires [${expected.join(', ')}]`,
    );
  }
  model.write(block, source.parameter, source.row, await file.readFloat32(name));
}
