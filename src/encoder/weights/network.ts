/** The network of a folder, as the native backend computes it, and its tensors in the checkpoint. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { EngineError } from '../../core/errors.js';
import type { Json } from '../../core/json-file.js';
import type { EncoderSpec } from '../../native/encoder-types.js';
import type {
  Architecture,
  CheckpointLayout,
  NativeArchitecture,
  ParameterSource,
  PoolingChoice,
} from '../architectures/architecture.js';
import { ARCHITECTURES } from '../architectures/index.js';
import { TRANSFORMER_FOLDER } from '../architectures/transformer.js';
import { findArchitecture, openModelFiles } from '../folder/model-files.js';
import { readModules } from '../folder/modules.js';
import { SafetensorsFile } from '../formats/safetensors.js';

export interface Network {
  architecture: Architecture;
  native: NativeArchitecture;
  /** config.json as it was read. */
  config: Json;
  spec: EncoderSpec;
}

/** Where the tensors of a network lie in a checkpoint. */
export interface TensorPlaces {
  layout: CheckpointLayout;
  /** Comes before the names of `sources` in the checkpoint. */
  prefix: string;
  sources: readonly ParameterSource[];
}

/**
 * The network of a folder with config.json and model.safetensors.
 *
 * @param architecture of the folder, if that is known
 * @throws EngineError `ERR_DATA`
 */
export async function readNetwork(
  folder: string,
  { pooling, normalize }: PoolingChoice,
  architecture?: Architecture,
): Promise<Network> {
  const files = await openModelFiles(folder);
  const found = architecture ?? findArchitecture(await layoutOf(folder), files.config);
  if (found.native === undefined) {
    const known = ARCHITECTURES.filter(({ native }) => native).map(({ name }) => name);
    throw new EngineError(
      'ERR_DATA',
      `${files.config.path}: model_type is ${JSON.stringify(files.config.json['model_type'])}; the native encoder supports ${known.join(', ')}`,
    );
  }
  const spec = { ...(await found.native.readSpec(files)), pooling, normalize };
  return { architecture: found, native: found.native, config: files.config.json, spec };
}

/**
 * The network of a folder that the native backend can compute, judged by config.json and the names of the tensors, or
 * the reason why it cannot.
 *
 * @throws EngineError `ERR_DATA` for a damaged file, which is a reason for nothing
 */
export async function nativeSupport(
  folder: string,
  choice: PoolingChoice,
  architecture: Architecture,
): Promise<Network | { unsupported: string }> {
  const network = await orReason(() => readNetwork(folder, choice, architecture));
  if ('unsupported' in network) return network;
  const file = await SafetensorsFile.open(join(folder, 'model.safetensors'));
  try {
    const places = await orReason(() => findTensors(file, network));
    return 'unsupported' in places ? places : network;
  } finally {
    await file.close();
  }
}

/**
 * The tensors that a network needs, all of which the file has, and no others. Prefix and layout follow from the names
 * alone.
 *
 * @throws EngineError `ERR_DATA`
 */
export function findTensors(file: SafetensorsFile, { architecture, native, spec }: Network): TensorPlaces {
  for (const prefix of native.prefixes) {
    const layout = native.layouts.find(({ mark }) => file.tensors.has(prefix + mark));
    if (layout === undefined) continue;
    const sources = layout.sources(spec);
    checkNames(file, prefix, sources, native.ignored);
    return { layout, prefix, sources };
  }
  const some = [...file.tensors.keys()].slice(0, 5).join(', ');
  throw new EngineError(
    'ERR_DATA',
    `${file.path} is no ${architecture.name} checkpoint; its first tensors are ${some}`,
  );
}

/**
 * @param ignored names that the file may hold besides the sources
 * @throws EngineError `ERR_DATA` listing the tensors that the file lacks or has too many
 */
export function checkNames(
  file: SafetensorsFile,
  prefix: string,
  sources: readonly ParameterSource[],
  ignored: RegExp,
): void {
  const wanted = new Set(sources.map((source) => prefix + source.file));
  const missing = [...wanted].filter((name) => !file.tensors.has(name));
  const unknown = [...file.tensors.keys()].filter((name) => {
    const inner = name.startsWith(prefix) ? name.slice(prefix.length) : name;
    return !wanted.has(name) && !ignored.test(inner) && !ignored.test(name);
  });
  if (missing.length === 0 && unknown.length === 0) return;
  const parts = [
    ...(missing.length > 0 ? [`lacks ${missing.join(', ')}`] : []),
    ...(unknown.length > 0 ? [`has unknown ${unknown.join(', ')}`] : []),
  ];
  throw new EngineError('ERR_DATA', `${file.path} ${parts.join('; it ')}`);
}

/** A folder without modules.json is a bare checkpoint of a transformer. */
async function layoutOf(folder: string): Promise<Architecture['folder']> {
  const file = join(folder, 'modules.json');
  return existsSync(file) ? (await readModules(file)).layout : TRANSFORMER_FOLDER;
}

async function orReason<T extends object>(attempt: () => T | Promise<T>): Promise<T | { unsupported: string }> {
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof EngineError) return { unsupported: error.message };
    throw error;
  }
}
