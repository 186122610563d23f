/** Preparation of texts before tokenising, as done by sentence-transformers according to the settings of a folder. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { EngineError } from '../core/errors.js';
import { isObject, type Json, readJson } from '../core/json-file.js';

export interface TextPreparation {
  /** Text to put before every text. */
  prompt: string;
  /** True if texts are lower-cased before tokenising. */
  lowerCase: boolean;
}

/** Returns the text that the tokenizer of the folder gets. */
export function prepareText({ prompt, lowerCase }: TextPreparation, text: string): string {
  const trimmed = (prompt + text).trim();
  return lowerCase ? trimmed.toLowerCase() : trimmed;
}

/**
 * Reads `default_prompt_name` and `do_lower_case`. If their files do not exist, texts are not changed.
 *
 * @param root folder of config_sentence_transformers.json
 * @param moduleFolder folder of sentence_bert_config.json
 * @throws EngineError `ERR_DATA` for a missing prompt or damaged files
 */
export async function readTextPreparation(root: string, moduleFolder: string): Promise<TextPreparation> {
  const sentence = await readOptionalJson(join(moduleFolder, 'sentence_bert_config.json'));
  const file = join(root, 'config_sentence_transformers.json');
  return { prompt: readPrompt(await readOptionalJson(file), file), lowerCase: sentence['do_lower_case'] === true };
}

/** Reads the prompt that sentence-transformers puts before every text by default. */
function readPrompt({ prompts, default_prompt_name: name }: Json, file: string): string {
  if (typeof name !== 'string') return '';
  const prompt = isObject(prompts) ? prompts[name] : undefined;
  if (typeof prompt !== 'string') throw new EngineError('ERR_DATA', `${file} has no prompt named "${name}"`);
  return prompt;
}

async function readOptionalJson(file: string): Promise<Json> {
  return existsSync(file) ? readJson(file) : {};
}
