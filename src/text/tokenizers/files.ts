import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EngineError } from '../../core/errors.js';
import { isFolder } from '../../core/is-folder.js';
import type { WordPieceSettings } from '../../native/tokenizer.js';
import { expectPath } from '../../native/validate.js';
import { parseTokenizerJson, type UnsupportedTokenizer } from './settings.js';
import { parseVocabularyFile } from './vocabulary-file.js';

export interface TokenizerFile {
  /** The file that was read: where `path` names a folder, the one found in it. */
  file: string;
  settings: WordPieceSettings | UnsupportedTokenizer;
}

/**
 * Reads a tokenizer.json, a vocab.txt, or a folder that holds one of them; the former is preferred.
 *
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_DATA`
 */
export function readTokenizerFile(path: string): TokenizerFile {
  const file = findFile(expectPath(path, 'path'));
  if (!file.endsWith('.txt')) return { file, settings: parseTokenizerJson(read(file), file) };
  const config = join(dirname(file), 'tokenizer_config.json');
  const settings = parseVocabularyFile(
    read(file),
    file,
    existsSync(config) ? { text: read(config), file: config } : undefined,
  );
  return { file, settings };
}

function findFile(path: string): string {
  if (!isFolder(path)) return path;
  const file = ['tokenizer.json', 'vocab.txt']
    .map((name) => join(path, name))
    .find((candidate) => existsSync(candidate));
  if (file === undefined) throw new EngineError('ERR_DATA', `${path}: holds neither tokenizer.json nor vocab.txt`);
  return file;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new EngineError('ERR_DATA', `${file}: cannot be read: ${(cause as Error).message}`, { cause });
  }
}
