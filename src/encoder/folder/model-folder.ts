/** Reads what a folder of the Hugging Face layout says about an encoder, before anything of the model is loaded. */
import { existsSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';

import { EngineError } from '../../core/errors.js';
import { isFolder } from '../../core/is-folder.js';
import type { Pooling } from '../../native/pooling.js';
import { readTextPreparation, type TextPreparation } from '../../text/text-preparation.js';
import type { Architecture } from '../architectures/architecture.js';
import { TRANSFORMER_FOLDER } from '../architectures/transformer.js';
import { findArchitecture, openConfig, openModelFiles } from './model-files.js';
import { NORMALIZE, POOLING, readModules } from './modules.js';
import { externalDataLocations } from './onnx-files.js';
import { readPooling } from './pooling-module.js';

export interface ModelFolder extends TextPreparation {
  /** Base name of the folder. */
  name: string;
  architecture: Architecture;
  /** Folder of the first module: config.json, tokenizer and weights. */
  moduleFolder: string;
  /** The ONNX graph, if there is one. */
  modelFile: string | undefined;
  /** Files beside `modelFile` that hold its weights; empty when it holds them itself. */
  weightFiles: string[];
  /** The checkpoint, if there is one. */
  safetensorsFile: string | undefined;
  /** The file that decides the ids of a text. */
  tokenizerFile: string;
  pooling: Pooling;
  /** Whether vectors are scaled to unit length. */
  normalize: boolean;
  /** Width of a vector. */
  dim: number;
  /** Rows of the table of token embeddings. */
  vocabSize: number;
  /** Longest sequence that the model has positions for, special tokens included; Infinity if it has no such limit. */
  positions: number;
  /** Longest sequence that the folder asks for, at most `positions`. */
  maxTokens: number;
}

/** Length limit of folders that name none. */
const DEFAULT_MAX_TOKENS = 512;
const CHECKPOINT = 'model.safetensors';
const GRAPHS = ['model.onnx', 'onnx/model.onnx'];
/** For messages. */
const GRAPH_NAMES = `${GRAPHS[0]!} (or ${GRAPHS[1]!})`;

/**
 * @param folder with modules.json, config.json, tokenizer.json, a pooling module, and model.safetensors, model.onnx or
 *   onnx/model.onnx
 * @param options.weights whether one of these three must be there. @default true
 * @throws EngineError `ERR_DATA` listing what is missing, or naming what is damaged or not supported
 */
export async function readModelFolder(
  folder: string,
  { weights = true }: { weights?: boolean } = {},
): Promise<ModelFolder> {
  const root = resolve(folder);
  if (!isFolder(root)) throw new EngineError('ERR_DATA', `${root} is not a folder with a model`);
  const modulesFile = join(root, 'modules.json');
  const modules = existsSync(modulesFile) ? await readModules(modulesFile) : undefined;
  const { layout, paths } = modules ?? { layout: TRANSFORMER_FOLDER, paths: new Map<string, string>() };
  const moduleFolder = join(root, paths.get(layout.modules[0]) ?? '');
  const poolingFile = layout.modules.includes(POOLING)
    ? join(root, paths.get(POOLING) ?? '1_Pooling', 'config.json')
    : undefined;
  const modelFile = GRAPHS.map((name) => join(moduleFolder, name)).find((path) => existsSync(path));
  const safetensorsFile = [join(moduleFolder, CHECKPOINT)].find((path) => existsSync(path));
  const weightFiles = modelFile === undefined ? [] : locateWeights(modelFile);
  const settings = [...layout.files.map((name) => join(moduleFolder, name)), poolingFile ?? []].flat();
  const missing = [modulesFile, ...settings].filter((path) => !existsSync(path)).map((path) => relative(root, path));
  if (weights && modelFile === undefined && safetensorsFile === undefined)
    missing.push(`${CHECKPOINT} or ${GRAPH_NAMES}`);
  missing.push(...weightFiles.filter((path) => !existsSync(path)).map((path) => relative(root, path)));
  if (missing.length > 0) throw new EngineError('ERR_DATA', `${root} lacks ${missing.join(', ')}`);

  const files = await openModelFiles(moduleFolder);
  const architecture = findArchitecture(layout, files.config);
  const sizes = await architecture.readSizes(files);
  const sentence = await openConfig(join(moduleFolder, 'sentence_bert_config.json'));
  const preparation = await readTextPreparation(root, moduleFolder);
  const pooling = poolingFile === undefined ? undefined : await readPooling(poolingFile, preparation.prompt !== '');
  return {
    name: basename(root),
    architecture,
    moduleFolder,
    modelFile,
    weightFiles,
    safetensorsFile,
    tokenizerFile: join(moduleFolder, layout.tokenizerFile),
    pooling: pooling?.mode ?? 'mean',
    normalize: paths.has(NORMALIZE),
    ...preparation,
    dim: pooling?.dim ?? sizes.dim ?? files.config.size(['hidden_size']),
    vocabSize: sizes.vocabSize,
    positions: sizes.positions,
    maxTokens: Math.min(
      sentence.optionalSize(['max_seq_length']) ?? Math.min(sizes.positions, DEFAULT_MAX_TOKENS),
      sizes.positions,
    ),
  };
}

/** The graph's path. @throws EngineError `ERR_DATA` if there is none */
export function requireGraph({ modelFile, moduleFolder }: ModelFolder): string {
  if (modelFile === undefined) throw new EngineError('ERR_DATA', `${moduleFolder} lacks ${GRAPH_NAMES}`);
  return modelFile;
}

/** Paths of the external data of a graph, which must lie in its folder. */
function locateWeights(modelFile: string): string[] {
  const folder = dirname(modelFile);
  return externalDataLocations(modelFile).map((location) => {
    const path = resolve(folder, location);
    if (isAbsolute(location) || !path.startsWith(folder + sep)) {
      throw new EngineError('ERR_DATA', `${modelFile}: its weights lie outside of its folder, in ${location}`);
    }
    return path;
  });
}
