/** Reads a BERT or NomicBERT folder in the Hugging Face layout into a native encoder model. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { allocateFloat32 } from '../../core/allocate.js';
import { EngineError } from '../../core/errors.js';
import type { NativeBlock, NativeEncoderConfig } from '../../native/addon-types.js';
import { EncoderModel } from '../../native/encoder-model.js';
import type { EncoderPrecision } from '../../native/precisions.js';
import { SafetensorsFile } from '../formats/safetensors.js';
import { nativeConfig, type PoolingChoice } from './native-config.js';
import {
  type CheckpointLayout,
  detectLayout,
  type ParameterSource,
  parameterSources,
  unknownNames,
  WORDS,
} from './parameter-names.js';

/** A model and the names its tensors have in files. */
export interface Checkpoint {
  model: EncoderModel;
  sources: readonly ParameterSource[];
  /** config.json as it was read. */
  config: Record<string, unknown>;
  /** Where it was read from. */
  folder: string;
  /** What the file puts before the names of `sources`. */
  prefix: string;
  layout: CheckpointLayout;
}

/** Tensors with two dimensions even when they have a single row. */
const TABLES: ReadonlySet<string> = new Set(['word', 'position', 'type']);

/**
 * @param folder with config.json and model.safetensors
 * @throws EngineError `ERR_DATA` listing missing, unknown or misshapen tensors by name
 */
export async function loadCheckpoint(
  folder: string,
  pooling: PoolingChoice,
  precision: EncoderPrecision,
): Promise<Checkpoint> {
  const { config, native } = await readNativeConfig(folder, pooling);
  const file = await SafetensorsFile.open(join(folder, 'model.safetensors'));
  try {
    const { layout, prefix, sources } = findSources(file, native);
    const model = new EncoderModel(native, precision);
    try {
      for (const source of sources) await copyTensor(file, prefix, source, model);
    } catch (error) {
      await model.dispose();
      throw error;
    }
    return { model, sources, config, folder, prefix, layout };
  } finally {
    await file.close();
  }
}

/**
 * config.json of a folder and what the engine makes of it.
 *
 * @throws EngineError `ERR_DATA`
 */
export async function readNativeConfig(
  folder: string,
  pooling: PoolingChoice,
): Promise<{ config: Record<string, unknown>; native: NativeEncoderConfig }> {
  const path = join(folder, 'config.json');
  const config = await readJson(path);
  return { config, native: nativeConfig(config, path, pooling) };
}

/**
 * The configuration with which the engine would compute what a folder holds, judged by config.json and the names of the
 * tensors, or the reason why it cannot.
 *
 * @throws EngineError `ERR_DATA` for a damaged file, which is a reason for nothing
 */
export async function nativeSupport(
  folder: string,
  pooling: PoolingChoice,
): Promise<NativeEncoderConfig | { unsupported: string }> {
  const configPath = join(folder, 'config.json');
  const config = await readJson(configPath);
  const native = orReason(() => nativeConfig(config, configPath, pooling));
  if ('unsupported' in native) return native;
  const file = await SafetensorsFile.open(join(folder, 'model.safetensors'));
  try {
    const found = orReason(() => findSources(file, native));
    return 'unsupported' in found ? found : native;
  } finally {
    await file.close();
  }
}

function orReason<T extends object>(attempt: () => T): T | { unsupported: string } {
  try {
    return attempt();
  } catch (error) {
    if (error instanceof EngineError) return { unsupported: error.message };
    throw error;
  }
}

/** The tensors that the engine needs, all of which the file has, and no others. */
function findSources(
  file: SafetensorsFile,
  native: NativeEncoderConfig,
): Pick<Checkpoint, 'layout' | 'prefix' | 'sources'> {
  const { layout, prefix } = detectLayout(new Set(file.tensors.keys()), file.path);
  const sources = parameterSources(layout, native);
  checkNames(file, prefix, sources);
  return { layout, prefix, sources };
}

/** A parameter under its name in the checkpoint, from any block of the model. */
export function readSource(
  model: EncoderModel,
  source: ParameterSource,
  block: 'parameters' | 'gradients' | 'firstMoments' | 'secondMoments',
): Float32Array {
  const out = allocateFloat32(source.rows * width(model, source), `the parameter ${source.parameter}`);
  model.read(block, source.parameter, source.row, out);
  return out;
}

/** Entries per row of the tensor that a source fills; 1 for a vector. */
export function width(model: EncoderModel, source: ParameterSource): number {
  const parameter = model.parameters.get(source.parameter)!;
  return parameter.rows === 1 && !TABLES.has(source.parameter) ? 1 : parameter.cols;
}

/** Shape of the tensor in the checkpoint. */
export function shapeOf(model: EncoderModel, source: ParameterSource): number[] {
  const cols = width(model, source);
  return cols === 1 ? [source.rows] : [source.rows, cols];
}

/** @throws EngineError `ERR_DATA` listing the tensors that a file lacks or has too many */
export function checkNames(file: SafetensorsFile, prefix: string, sources: readonly ParameterSource[]): void {
  const missing = sources
    .filter((source) => !file.tensors.has(prefix + source.file))
    .map((source) => prefix + source.file);
  const unknown = unknownNames(file.tensors.keys(), prefix, sources);
  if (missing.length === 0 && unknown.length === 0) return;
  const parts = [
    ...(missing.length > 0 ? [`lacks ${missing.join(', ')}`] : []),
    ...(unknown.length > 0 ? [`has unknown ${unknown.join(', ')}`] : []),
  ];
  throw new EngineError('ERR_DATA', `${file.path} ${parts.join('; it ')}`);
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
  const cols = width(model, source);
  const expected = shapeOf(model, source);
  const padded = source.file === WORDS && shape[1] === cols && shape[0]! <= source.rows && source.rows - shape[0]! < 64;
  if (!padded && shape.join() !== expected.join()) {
    throw new EngineError(
      'ERR_DATA',
      `Tensor "${name}" of ${file.path} has shape [${shape.join(', ')}], config.json asks for [${expected.join(', ')}]`,
    );
  }
  model.write(block, source.parameter, source.row, await file.readFloat32(name));
}

async function readJson(path: string): Promise<Record<string, unknown>> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw new EngineError('ERR_DATA', `${path} is missing or not valid JSON`, { cause });
  }
}
