import { EngineError } from '../../core/errors.js';
import { huggingFace } from './hugging-face.js';
import type { Tokenizer, TokenizerKind } from './tokenizer.js';
import { readTokenizerFile } from './tokenizer-file.js';
import { wordPiece } from './wordpiece.js';

/** Every kind of tokenizer, the preferred first: a new kind is a file of its own and an entry here. */
const TOKENIZER_KINDS: readonly TokenizerKind[] = [wordPiece, huggingFace];

/**
 * Loads the tokenizer of a model: natively if it is WordPiece of the kind BERT uses, through the npm package
 * `tokenizers` otherwise.
 *
 * @param path as for {@link WordPieceTokenizer.fromFile}
 * @throws EngineError `ERR_DATA`, `ERR_NATIVE_LOAD` (also if the package `tokenizers` is needed and absent)
 */
export async function loadTokenizer(path: string): Promise<Tokenizer> {
  const file = readTokenizerFile(path);
  const kind = TOKENIZER_KINDS.find((candidate) => candidate.accepts(file));
  if (kind === undefined) throw new EngineError('ERR_DATA', `${file.path}: expected a tokenizer of a known kind`);
  return kind.load(file);
}
