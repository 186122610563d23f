/**
 * Folders of static embeddings: a tokenizer.json, and a table with one row per token. model2vec and the module
 * StaticEmbedding of sentence-transformers write them. The vector of a text is the mean of the rows of its tokens,
 * without special tokens.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { EngineError } from '../../core/errors.js';
import { isObject, type Json, parseJson, readJson } from '../../core/json-file.js';
import { readTextPreparation } from '../../text/text-preparation.js';
import { NORMALIZE } from '../folder/modules.js';

export interface StaticFolder {
  /** Path of the table, and the name of its tensor. */
  weights: string;
  tensor: string;
  tokenizer: string;
  /** Whether vectors are scaled to unit length. */
  normalize: boolean;
  /** Text to put before every text. */
  prompt: string;
  /** Token limit of a text; undefined if there is none. */
  maxTokens: number | undefined;
  /**
   * True for the rules of model2vec: unknown tokens are left out, and long texts are first cut at as many characters as
   * `maxTokens` tokens of median length have.
   */
  isModel2vec: boolean;
}

const MODULE = 'StaticEmbedding';
/** Of the method `encode` of model2vec. */
const MODEL2VEC_TOKENS = 512;

/**
 * Recognises the folder of a static embedding. A folder of model2vec also has a modules.json for sentence-transformers;
 * config.json decides.
 *
 * @returns undefined for other folders, also if they cannot be read
 * @throws EngineError `ERR_DATA` if the folder has unknown modules, or the tokenizer is missing
 */
export async function readStaticFolder(folder: string): Promise<StaticFolder | undefined> {
  const config = await readIfJson(join(folder, 'config.json'));
  if (isObject(config) && config['model_type'] === 'model2vec') {
    const model = { ...filesOf(folder, 'embeddings'), normalize: config['normalize'] === true };
    return { ...model, prompt: '', maxTokens: MODEL2VEC_TOKENS, isModel2vec: true };
  }
  const modules = await readIfJson(join(folder, 'modules.json'));
  const [first, ...others] = Array.isArray(modules) ? modules.filter(isObject) : [];
  if (first === undefined || kindOf(first) !== MODULE) return undefined;
  if (others.length > 1 || others.some((module) => kindOf(module) !== NORMALIZE))
    throw new EngineError('ERR_DATA', `${join(folder, 'modules.json')}: only ${NORMALIZE} can follow ${MODULE}`);
  const path = typeof first['path'] === 'string' ? first['path'] : '';
  const files = filesOf(join(folder, path), 'embedding.weight');
  const { prompt } = await readTextPreparation(folder, folder);
  const truncation = (await readJson(files.tokenizer))['truncation'];
  const maxTokens = isObject(truncation) ? Number(truncation['max_length']) : undefined;
  return { ...files, normalize: others.length > 0, prompt, maxTokens, isModel2vec: false };
}

function filesOf(folder: string, tensor: string): Pick<StaticFolder, 'weights' | 'tensor' | 'tokenizer'> {
  return { weights: join(folder, 'model.safetensors'), tensor, tokenizer: join(folder, 'tokenizer.json') };
}

async function readIfJson(path: string): Promise<unknown> {
  return existsSync(path) ? parseJson(path).catch(() => undefined) : undefined;
}

/** The name of the class of a module, which is the same in all versions of sentence-transformers. */
function kindOf({ type }: Json): string {
  return typeof type === 'string' ? type.slice(type.lastIndexOf('.') + 1) : '';
}
