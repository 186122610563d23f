import { EngineError } from '../core/errors.js';
import type { TokenizerHandle } from './addon-types.js';
import { type CallOptions, callNative } from './call.js';
import { addon } from './loader.js';
import type { PackedTokens } from './packed-tokens.js';

/** The settings that decide the ids of a WordPiece tokenizer. */
export interface WordPieceSettings {
  /** Tokens and their ids; of equal tokens there is one. */
  vocabulary: ReadonlyMap<string, number>;
  /** Start of a token that continues a word, for example `##`. */
  continuingSubwordPrefix: string;
  unknownId: number;
  /** Words of more code points become the unknown token. */
  maxWordChars: number;
  normalizer: {
    cleanText: boolean;
    handleChineseChars: boolean;
    stripAccents: boolean;
    lowercase: boolean;
  };
  addedTokens: readonly AddedTokenSettings[];
  /** Special tokens before and after every text. */
  before: readonly number[];
  after: readonly number[];
}

/** A string that is found in the text as a whole, before words are cut. */
export interface AddedTokenSettings {
  content: string;
  id: number;
  singleWord: boolean;
  lstrip: boolean;
  rstrip: boolean;
  normalized: boolean;
  special: boolean;
}

/** UTF-8 bytes that all tokens may have together; see native/tokenizer/vocabulary.h. */
export const MAX_VOCABULARY_BYTES = 2 ** 28;

/**
 * Builds a native tokenizer. The settings must have been checked, see src/text/tokenizers/settings.ts.
 *
 * @throws EngineError `ERR_DATA` when the vocabulary is too large
 */
export function createTokenizer(settings: WordPieceSettings): TokenizerHandle {
  const { normalizer, addedTokens } = settings;
  const { tokens, offsets, ids } = packVocabulary(settings.vocabulary);
  return addon().createTokenizer({
    tokens,
    tokenOffsets: offsets,
    tokenIds: ids,
    prefix: settings.continuingSubwordPrefix,
    unknownId: settings.unknownId,
    maxWordChars: settings.maxWordChars,
    normalizerFlags: flags(
      normalizer.cleanText,
      normalizer.handleChineseChars,
      normalizer.stripAccents,
      normalizer.lowercase,
    ),
    addedTokens: addedTokens.map((token) => token.content),
    addedIds: Int32Array.from(addedTokens, (token) => token.id),
    addedFlags: Int32Array.from(addedTokens, (token) =>
      flags(token.singleWord, token.lstrip, token.rstrip, token.normalized),
    ),
    before: Int32Array.from(settings.before),
    after: Int32Array.from(settings.after),
  });
}

/**
 * Token ids of texts, computed off the calling thread; only the copy of the strings is made on it.
 *
 * @param maxTokens at least the number of special tokens; `Infinity` for no limit
 * @throws EngineError `ERR_DISPOSED`, `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`, `ERR_ARG_RANGE` (2^31 tokens or more in all)
 */
export async function encodeTexts(
  tokenizer: TokenizerHandle,
  texts: readonly string[],
  maxTokens: number,
  options: CallOptions,
): Promise<PackedTokens> {
  const offsets = new Int32Array(texts.length + 1);
  const limit = Math.min(maxTokens, Number.MAX_SAFE_INTEGER);
  const ids = await callNative(encodeTexts, options, (control) =>
    addon().encodeTexts(tokenizer, texts, limit, offsets, control),
  );
  return { ids, offsets };
}

/** Frees a tokenizer; idempotent. Calls in flight finish first. */
export function disposeTokenizer(tokenizer: TokenizerHandle): void {
  addon().disposeTokenizer(tokenizer);
}

function flags(...bits: boolean[]): number {
  return bits.reduce((sum, bit, i) => sum + (bit ? 2 ** i : 0), 0);
}

function packVocabulary(vocabulary: ReadonlyMap<string, number>): {
  tokens: Uint8Array;
  offsets: Int32Array;
  ids: Int32Array;
} {
  const encoder = new TextEncoder();
  let units = 0;
  for (const token of vocabulary.keys()) units += token.length;
  const tokens = new Uint8Array(3 * units); // a UTF-16 unit needs at most three bytes
  const offsets = new Int32Array(vocabulary.size + 1);
  let end = 0;
  let i = 0;
  for (const token of vocabulary.keys()) {
    end += encoder.encodeInto(token, tokens.subarray(end)).written;
    offsets[++i] = end;
  }
  if (end > MAX_VOCABULARY_BYTES) {
    throw new EngineError('ERR_DATA', `Expected a vocabulary of at most ${MAX_VOCABULARY_BYTES} bytes, got ${end}`);
  }
  return { tokens: tokens.subarray(0, end), offsets, ids: Int32Array.from(vocabulary.values()) };
}
