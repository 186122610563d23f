import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { EngineError } from '../../core/errors.js';
import { isFolder } from '../../core/is-folder.js';
import { expectPath } from '../../core/validate.js';
import { Section } from './section.js';

/** The contents of a tokenizer.json, the format of the Rust package `tokenizers`. */
export interface TokenizerJson {
  path: string;
  json: Section;
}

/** The contents of a vocab.txt, the format of BERT: one token per line, whose id is the line number, from 0. */
export interface VocabularyText {
  path: string;
  vocabulary: string;
  /** Contents of the tokenizer_config.json beside it; undefined if there is none. */
  config: Section | undefined;
}

export type TokenizerFile = TokenizerJson | VocabularyText;

/**
 * Reads a tokenizer.json, a vocab.txt, or a folder with one of them. If both exist, tokenizer.json is used.
 *
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_DATA`
 */
export function readTokenizerFile(path: string): TokenizerFile {
  const file = findFile(expectPath(path, 'path'));
  if (!file.endsWith('.txt')) return { path: file, json: Section.parse(read(file), file) };
  const config = join(dirname(file), 'tokenizer_config.json');
  return {
    path: file,
    vocabulary: read(file),
    config: existsSync(config) ? Section.parse(read(config), config) : undefined,
  };
}

function findFile(path: string): string {
  if (!isFolder(path)) return path;
  const file = ['tokenizer.json', 'vocab.txt']
    .map((name) => join(path, name))
    .find((candidate) => existsSync(candidate));
  if (file === undefined) throw new EngineError('ERR_DATA', `${path} contains neither tokenizer.json nor vocab.txt`);
  return file;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new EngineError('ERR_DATA', `${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
}
