/** Reads the description of an encoder from a folder in the Hugging Face layout, without loading the model. */
import { existsSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';

import { EngineError } from '../../core/errors.js';
import { isFolder } from '../../core/is-folder.js';
import { isObject } from '../../core/json-file.js';
import type { Pooling } from '../../native/pooling.js';
import { type EncoderPrecision, PRECISIONS } from '../../native/precisions.js';
import { readTextPreparation, type TextPreparation } from '../../text/text-preparation.js';
import type { Architecture } from '../architectures/architecture.js';
import type { ConfigReader } from '../architectures/config-reader.js';
import { TRANSFORMER_FOLDER } from '../architectures/transformer.js';
import { MINI_ENCODER } from '../default-encoder.js';
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
  /** The ONNX graph; undefined if there is none. */
  modelFile: string | undefined;
  /** Files beside `modelFile` that contain its weights; empty if the graph itself contains them. */
  weightFiles: string[];
  /** The checkpoint; undefined if there is none. */
  safetensorsFile: string | undefined;
  /** The file that determines the token ids of a text. */
  tokenizerFile: string;
  pooling: Pooling;
  /** True if vectors are scaled to unit length. */
  normalize: boolean;
  /** Width of a vector. */
  dim: number;
  /** Rows of the token embedding table. */
  vocabSize: number;
  /** Longest sequence that the model supports, including special tokens; Infinity if it has no limit. */
  positions: number;
  /** Token limit set by the folder, at most `positions`. */
  maxTokens: number;
  /** The precision that its authors chose, in `config.json`: `{"univar": {"precision": "int8"}}`. */
  precision: EncoderPrecision | undefined;
}

/** Token limit of folders that do not set one. */
const DEFAULT_MAX_TOKENS = 512;
/** The part of config.json that only univar reads. */
export const OWN_SETTINGS = 'univar';
const CHECKPOINT = 'model.safetensors';
const GRAPHS = ['model.onnx', 'onnx/model.onnx'];
/** Names of the graph files for messages. */
const GRAPH_NAMES = `${GRAPHS[0]!} (or ${GRAPHS[1]!})`;

/**
 * Reads and checks an encoder folder.
 *
 * @param folder folder with modules.json, config.json, tokenizer.json, a pooling module, and model.safetensors,
 *   model.onnx or onnx/model.onnx
 * @param options.weights requires one of the last three files. @default true
 * @throws EngineError `ERR_DATA` listing missing files, or naming the file that is damaged or not supported
 */
export async function readModelFolder(
  folder: string,
  { weights = true }: { weights?: boolean } = {},
): Promise<ModelFolder> {
  const root = resolve(folder);
  if (!isFolder(root)) throw new EngineError('ERR_DATA', `${root} is not a folder with a model${hintFor(folder)}`);
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
    precision: readPrecision(files.config),
  };
}

/** @throws EngineError `ERR_DATA` for an unknown precision */
function readPrecision({ json, path }: ConfigReader): EncoderPrecision | undefined {
  const settings = json[OWN_SETTINGS];
  const precision = isObject(settings) ? settings['precision'] : undefined;
  if (precision === undefined) return undefined;
  const known = PRECISIONS.find((one) => one === precision);
  if (known !== undefined) return known;
  const list = PRECISIONS.join(', ');
  throw new EngineError(
    'ERR_DATA',
    `${path}: expected one of ${list} for univar.precision, got ${JSON.stringify(precision)}`,
  );
}

/** Like `org/name`, the form of model names on the Hugging Face Hub. */
const HUB_NAME = /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/;

/** Says how to get a model: univar-mini, which the npm package does not contain, or one of the Hugging Face Hub. */
function hintFor(folder: string): string {
  if (basename(folder) === basename(MINI_ENCODER))
    return (
      '. univar-mini is not part of the npm package: copy the folder packages/univar-mini of the repository, and ' +
      'specify its path as the encoder'
    );
  if (!HUB_NAME.test(folder)) return '';
  return `. If you mean a model of the Hugging Face Hub, download it ("hf download ${folder}") and specify its folder`;
}

/** Returns the path of the graph. @throws EngineError `ERR_DATA` if there is none */
export function requireGraph({ modelFile, moduleFolder }: ModelFolder): string {
  if (modelFile === undefined) throw new EngineError('ERR_DATA', `${moduleFolder} lacks ${GRAPH_NAMES}`);
  return modelFile;
}

/** Finds the files with the external data of a graph, which must be in its folder. */
function locateWeights(modelFile: string): string[] {
  const folder = dirname(modelFile);
  return externalDataLocations(modelFile).map((location) => {
    const path = resolve(folder, location);
    if (isAbsolute(location) || !path.startsWith(folder + sep)) {
      throw new EngineError('ERR_DATA', `${modelFile}: its weights are outside its folder, in ${location}`);
    }
    return path;
  });
}
