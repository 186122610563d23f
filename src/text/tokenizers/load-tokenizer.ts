import { readTokenizerFile } from './files.js';
import { HuggingFaceTokenizer } from './hugging-face.js';
import type { Tokenizer } from './tokenizer.js';
import { WordPieceTokenizer } from './wordpiece.js';

/**
 * Loads whatever tokenizer a model came with: natively if it is WordPiece of the kind BERT uses, through the npm
 * package `tokenizers` otherwise.
 *
 * @param path as for {@link WordPieceTokenizer.fromFile}
 * @throws EngineError `ERR_DATA`, `ERR_NATIVE_LOAD` (also if the package `tokenizers` is needed and absent)
 */
export async function loadTokenizer(path: string): Promise<Tokenizer> {
  const { settings, file } = readTokenizerFile(path);
  return 'unsupported' in settings ? HuggingFaceTokenizer.load(file) : new WordPieceTokenizer(settings);
}
