import { EngineError } from '../../core/errors.js';
import { huggingFace } from './hugging-face.js';
import type { Tokenizer, TokenizerKind } from './tokenizer.js';
import { readTokenizerFile } from './tokenizer-file.js';
import { wordPiece } from './wordpiece.js';

/** All kinds of tokenizers in order of preference. To add one, write a file and add an entry here. */
const TOKENIZER_KINDS: readonly TokenizerKind[] = [wordPiece, huggingFace];

/**
 * Loads the tokenizer of a model: the native one for the WordPiece kind that BERT uses, otherwise that of the npm
 * package `tokenizers`.
 *
 * @param path a tokenizer.json, a vocab.txt, or a folder with one of them: see {@link WordPieceTokenizer.fromFile}
 * @throws EngineError `ERR_DATA`, `ERR_NATIVE_LOAD` (also if the package `tokenizers` is needed but not installed)
 */
export async function loadTokenizer(path: string): Promise<Tokenizer> {
  const file = readTokenizerFile(path);
  const kind = TOKENIZER_KINDS.find((candidate) => candidate.accepts(file));
  if (kind === undefined) throw new EngineError('ERR_DATA', `${file.path}: expected a tokenizer of a known kind`);
  return kind.load(file);
}
