import { readTokenizerFile } from './files.js';
import { HuggingFaceTokenizer } from './hugging-face.js';
import type { Tokenizer } from './tokenizer.js';
import { WordPieceTokenizer } from './wordpiece.js';

/**
 * Loads whatever tokenizer a model came with: natively if it is WordPiece of the kind BERT uses, through the npm package
 * `tokenizers` otherwise.
 *
 * @param path as for {@link WordPieceTokenizer.fromFile}
 * @throws EngineError `ERR_DATA`, `ERR_NATIVE_LOAD`, `ERR_DEVICE_UNAVAILABLE` (the package `tokenizers` is needed and not
 *   there)
 */
export async function loadTokenizer(path: string): Promise<Tokenizer> {
  const { settings, file } = readTokenizerFile(path);
  return 'unsupported' in settings ? HuggingFaceTokenizer.load(file) : new WordPieceTokenizer(settings);
import { readFile } from 'node:fs/promises';

import { Tokenizer as RustTokenizer } from 'tokenizers';

import { EngineError } from '../core/errors.js';
import type { PackedIds, TokenizeOptions, Tokenizer } from './tokenizer.js';

/**
 * The tokenizer that a tokenizer.json describes.
 *
 * @throws EngineError `ERR_DATA` naming the file
 */
export async function loadTokenizer(path: string): Promise<Tokenizer> {
  try {
    return new PackageTokenizer(RustTokenizer.fromString(await readFile(path, 'utf8')));
  } catch (cause) {
    throw new EngineError('ERR_DATA', `${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** Adapts the npm package `tokenizers`. */
class PackageTokenizer implements Tokenizer {
  readonly #tokenizer: RustTokenizer;

  constructor(tokenizer: RustTokenizer) {
    this.#tokenizer = tokenizer;
    tokenizer.disablePadding();
  }

  async encode(texts: readonly string[], options: TokenizeOptions = {}): Promise<PackedIds> {
    if (options.maxTokens === undefined) this.#tokenizer.disableTruncation();
    else this.#tokenizer.setTruncation(options.maxTokens);
    const rows = (await this.#tokenizer.encodeBatch([...texts])).map((encoding) => encoding.getIds());
    const offsets = new Int32Array(texts.length + 1);
    rows.forEach((row, i) => (offsets[i + 1] = offsets[i]! + row.length));
    return { ids: Int32Array.from(rows.flat()), offsets };
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}
