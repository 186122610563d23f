/**
 * Reads what a sentence-embedding folder of the Hugging Face layout says about itself (modules.json and the files that
 * it names), without loading the model. What is not supported is refused by name, never ignored.
 */
import { existsSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { EngineError } from '../../core/errors.js';
import { isFolder } from '../../core/is-folder.js';
import { isObject, type Json, parseJson, readJson } from '../../core/json-file.js';
import { readTextPreparation, type TextPreparation } from '../../text/text-preparation.js';
import { externalDataLocations } from './onnx-files.js';

export type Pooling = 'mean' | 'cls';

export interface ModelFolder extends TextPreparation {
  /** Base name of the folder. */
  name: string;
  /** Folder of config.json and the files of the model. */
  transformer: string;
  /** The ONNX graph, where there is one. */
  modelFile: string | undefined;
  /** Files beside `modelFile` that hold its weights; empty when it holds them itself. */
  weightFiles: string[];
  /** The checkpoint, where there is one. */
  safetensorsFile: string | undefined;
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

/** Models of these types count positions from the id of the padding token + 1, which takes as many from the table. */
const POSITIONS_AFTER_PADDING = ['roberta', 'xlm-roberta', 'camembert', 'mpnet'];
/** Length limit of folders that name none. */
const DEFAULT_MAX_TOKENS = 512;

/** For messages. */
const GRAPH_NAMES = 'model.onnx (or onnx/model.onnx)';

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
  const transformer = join(root, modules?.transformer ?? '');
  const file = {
    config: join(transformer, 'config.json'),
    tokenizer: join(transformer, 'tokenizer.json'),
    pooling: join(root, modules?.pooling ?? '1_Pooling', 'config.json'),
    graph: ['model.onnx', 'onnx/model.onnx'].map((name) => join(transformer, name)).find((path) => existsSync(path)),
    safetensors: ['model.safetensors'].map((name) => join(transformer, name)).find((path) => existsSync(path)),
  };
  const missing = [modulesFile, file.config, file.tokenizer, file.pooling].filter((path) => !existsSync(path));
  const missingNames = missing.map((path) => relative(root, path));
  if (weights && file.graph === undefined && file.safetensors === undefined)
    missingNames.push(`model.safetensors or ${GRAPH_NAMES}`);
  const weightFiles = file.graph === undefined ? [] : locateWeights(file.graph);
  missingNames.push(...weightFiles.filter((path) => !existsSync(path)).map((path) => relative(root, path)));
  if (modules === undefined || missingNames.length > 0) {
    throw new EngineError('ERR_DATA', `${root} lacks ${missingNames.join(', ')}`);
  }

  const config = await readJson(file.config);
  const sentence = await readOptionalJson(join(transformer, 'sentence_bert_config.json'));
  const preparation = await readTextPreparation(root, transformer);
  const { pooling, dim } = readPooling(await readJson(file.pooling), file.pooling, preparation.prompt !== '');
  const positions = countPositions(config, file.config);
  return {
    name: basename(root),
    transformer,
    modelFile: file.graph,
    weightFiles,
    safetensorsFile: file.safetensors,
    tokenizerFile: file.tokenizer,
    pooling,
    normalize: modules.normalize,
    ...preparation,
    dim: dim ?? readOptionalSize(config, 'n_embd', file.config) ?? readSize(config, 'hidden_size', file.config),
    vocabSize: readSize(config, 'vocab_size', file.config),
    positions,
    maxTokens: Math.min(
      readOptionalSize(sentence, 'max_seq_length', transformer) ?? Math.min(positions, DEFAULT_MAX_TOKENS),
      positions,
    ),
  };
}

/** The graph's path. @throws EngineError `ERR_DATA` where there is none */
export function requireGraph(model: ModelFolder): string {
  if (model.modelFile === undefined) throw new EngineError('ERR_DATA', `${model.transformer} lacks ${GRAPH_NAMES}`);
  return model.modelFile;
}

/** Folders of the modules of a pipeline that is Transformer, Pooling and possibly Normalize. */
async function readModules(file: string): Promise<{ transformer: string; pooling: string; normalize: boolean }> {
  const list = await parseJson(file);
  if (!Array.isArray(list)) throw new EngineError('ERR_DATA', `${file}: expected an array of modules`);
  const modules = list.map((entry: unknown, i) => {
    const { type, path = '' } = isObject(entry) ? entry : {};
    if (typeof type !== 'string' || typeof path !== 'string') {
      throw new EngineError('ERR_DATA', `${file}: module ${i} lacks a type or a path`);
    }
    return { kind: type.slice(type.lastIndexOf('.') + 1), type, path };
  });
  const order = ['Transformer', 'Pooling', 'Normalize'];
  modules.forEach(({ kind, type }, i) => {
    if (kind !== order[i]) {
      throw new EngineError(
        'ERR_DATA',
        `${file}: module ${i} is ${type}; supported are ${order.join(', ')} in this order`,
      );
    }
  });
  const [transformer, pooling, normalize] = modules;
  if (transformer === undefined || pooling === undefined) {
    throw new EngineError(
      'ERR_DATA',
      `${file}: expected the modules Transformer and Pooling, got ${modules.length} modules`,
    );
  }
  return { transformer: transformer.path, pooling: pooling.path, normalize: normalize !== undefined };
}

/** 1_Pooling/config.json: one flag per mode in most folders, `pooling_mode` in newer ones. */
function readPooling(config: Json, file: string, hasPrompt: boolean): { pooling: Pooling; dim: number | undefined } {
  const named = config['pooling_mode'];
  const modes = Object.keys(config).filter((key) => key.startsWith('pooling_mode_') && config[key] === true);
  if (typeof named === 'string') modes.push(named);
  const known: Record<string, Pooling> = {
    pooling_mode_mean_tokens: 'mean',
    mean: 'mean',
    pooling_mode_cls_token: 'cls',
    cls: 'cls',
  };
  const pooling = known[modes[0] ?? ''];
  if (pooling === undefined || modes.length !== 1) {
    throw new EngineError(
      'ERR_DATA',
      `${file}: supported is pooling by mean or cls, got ${modes.join(' + ') || 'no mode'}`,
    );
  }
  if (hasPrompt && config['include_prompt'] === false) {
    throw new EngineError('ERR_DATA', `${file}: include_prompt = false with a default prompt is not supported`);
  }
  return {
    pooling,
    dim:
      readOptionalSize(config, 'word_embedding_dimension', file) ??
      readOptionalSize(config, 'embedding_dimension', file),
  };
}

function countPositions(config: Json, file: string): number {
  // NomicBERT has no table; some of its configurations say so with 0.
  const table =
    readOptionalSize(config, 'max_position_embeddings', file) ??
    (config['n_positions'] === 0 ? undefined : readOptionalSize(config, 'n_positions', file));
  if (table === undefined) return Infinity;
  const padding = typeof config['pad_token_id'] === 'number' ? config['pad_token_id'] : 1;
  return POSITIONS_AFTER_PADDING.includes(String(config['model_type'])) ? table - padding - 1 : table;
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

async function readOptionalJson(file: string): Promise<Json> {
  return existsSync(file) ? readJson(file) : {};
}

function readOptionalSize(config: Json, key: string, where: string): number | undefined {
  const value = config[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) {
    throw new EngineError('ERR_DATA', `${where}: expected an integer >= 1 for ${key}, got ${JSON.stringify(value)}`);
  }
  return value;
}

function readSize(config: Json, key: string, file: string): number {
  const value = readOptionalSize(config, key, file);
  if (value === undefined) throw new EngineError('ERR_DATA', `${file}: ${key} is missing`);
  return value;
}
