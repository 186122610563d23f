import { EngineError } from '../core/errors.js';
import type { TokenizerHandle } from './addon-types.js';
import { type CallOptions, callNative, plainList } from './call.js';
import { addon } from './loader.js';
import type { PackedTokens } from './packed-tokens.js';

/** The settings that determine the ids of a WordPiece tokenizer. */
export interface WordPieceSettings {
  /** Distinct tokens and their ids. */
  vocabulary: ReadonlyMap<string, number>;
  /** Prefix of tokens that continue a word, such as `##`. */
  continuingSubwordPrefix: string;
  unknownId: number;
  /** Words with more code points become the unknown token. */
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

/** A string that is matched as one token before the text is split into words. */
export interface AddedTokenSettings {
  content: string;
  id: number;
  singleWord: boolean;
  lstrip: boolean;
  rstrip: boolean;
  normalized: boolean;
  special: boolean;
}

/** Limit for the total UTF-8 bytes of all tokens: see native/tokenizer/vocabulary.h. */
export const MAX_VOCABULARY_BYTES = 2 ** 28;

/**
 * Builds a native tokenizer. The settings must have been checked: see src/text/tokenizers/wordpiece-settings.ts.
 *
 * @throws EngineError `ERR_DATA` if the vocabulary is too large
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
 * Tokenises texts off the calling thread, which only copies the strings.
 *
 * @param maxTokens at least the number of special tokens; `Infinity` for no limit
 * @throws EngineError `ERR_DISPOSED`, `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`, `ERR_ARG_RANGE` (2^31 tokens or more in
 *   total)
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
    addon().encodeTexts(tokenizer, plainList(texts), limit, offsets, control),
  );
  return { ids, offsets };
}

/** Frees a tokenizer once the calls in flight have finished. Idempotent. */
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
