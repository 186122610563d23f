/** Preparation of texts before they are tokenised, as sentence-transformers does it by the settings of a folder. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { EngineError } from '../core/errors.js';
import { isObject, type Json, readJson } from '../core/json-file.js';

export interface TextPreparation {
  /** Put in front of every text. */
  prompt: string;
  /** Whether texts are lower-cased before the tokenizer sees them. */
  lowerCase: boolean;
}

/** The text as the tokenizer of the folder is to see it. */
export function prepareText({ prompt, lowerCase }: TextPreparation, text: string): string {
  const trimmed = (prompt + text).trim();
  return lowerCase ? trimmed.toLowerCase() : trimmed;
}

/**
 * Reads `default_prompt_name` and `do_lower_case`; without the files that hold them, nothing is done to texts.
 *
 * @param root folder of config_sentence_transformers.json
 * @param moduleFolder folder of sentence_bert_config.json
 * @throws EngineError `ERR_DATA` for a prompt that is not there, and for damaged files
 */
export async function readTextPreparation(root: string, moduleFolder: string): Promise<TextPreparation> {
  const sentence = await readOptionalJson(join(moduleFolder, 'sentence_bert_config.json'));
  const file = join(root, 'config_sentence_transformers.json');
  return { prompt: readPrompt(await readOptionalJson(file), file), lowerCase: sentence['do_lower_case'] === true };
}

/** The prompt that sentence-transformers puts in front of every text by default. */
function readPrompt({ prompts, default_prompt_name: name }: Json, file: string): string {
  if (typeof name !== 'string') return '';
  const prompt = isObject(prompts) ? prompts[name] : undefined;
  if (typeof prompt !== 'string') throw new EngineError('ERR_DATA', `${file}: there is no prompt named "${name}"`);
  return prompt;
}

async function readOptionalJson(file: string): Promise<Json> {
  return existsSync(file) ? readJson(file) : {};
}
