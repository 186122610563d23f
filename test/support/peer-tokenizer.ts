import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { Tokenizer as RustTokenizer } from 'tokenizers';

import type { PackedTokens } from '../../src/native/packed-tokens.js';
import type { Tokenizer } from '../../src/text/tokenizers/tokenizer.js';

/** The tokenizer.json of the package: BERT, lower case. */
export const BERT_FILE = fileURLToPath(new URL('../../models/bert-uncased/tokenizer.json', import.meta.url));

/** Parts of a tokenizer.json that tests change. */
export interface TokenizerJson {
  version: string;
  added_tokens: AddedTokenJson[];
  normalizer: Record<string, unknown> | null;
  pre_tokenizer: Record<string, unknown> | null;
  post_processor: Record<string, unknown> | null;
  model: Record<string, unknown> & { vocab: Record<string, number> };
}

export interface AddedTokenJson {
  id: number;
  content: string;
  single_word: boolean;
  lstrip: boolean;
  rstrip: boolean;
  normalized: boolean;
  special: boolean;
}

/** Returns a fresh copy of {@link BERT_FILE}. */
export function bertJson(): TokenizerJson {
  return JSON.parse(readFileSync(BERT_FILE, 'utf8')) as TokenizerJson;
}

/**
 * Returns a tokenizer.json like BERT's with another vocabulary, given in the order of the ids after the five special
 * tokens.
 */
export function jsonWithVocabulary(tokens: Iterable<string>): TokenizerJson {
  const unique = new Set(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...tokens]);
  const vocab = Object.fromEntries([...unique].map((token, id) => [token, id]));
  const json = bertJson();
  json.model.vocab = vocab;
  for (const token of json.added_tokens) token.id = vocab[token.content]!;
  const single = (id: string): object => ({ id, ids: [vocab[id]], tokens: [id] });
  json.post_processor = {
    ...json.post_processor,
    special_tokens: { '[CLS]': single('[CLS]'), '[SEP]': single('[SEP]') },
  };
  return json;
}

/** The reference: the Rust implementation. */
export class PeerTokenizer {
  private readonly rust: RustTokenizer;

  constructor(json: string) {
    this.rust = RustTokenizer.fromString(json);
    this.rust.disablePadding();
    this.rust.disableTruncation();
  }

  async encode(texts: readonly string[], maxTokens?: number): Promise<number[][]> {
    if (maxTokens === undefined) this.rust.disableTruncation();
    else this.rust.setTruncation(maxTokens);
    const ids: number[][] = [];
    for (let i = 0; i < texts.length; i += 256) {
      for (const encoding of await this.rust.encodeBatch(texts.slice(i, i + 256))) ids.push(encoding.getIds());
    }
    return ids;
  }
}

/** Returns one array of ids per text. */
export function unpack({ ids, offsets }: PackedTokens): number[][] {
  return Array.from({ length: offsets.length - 1 }, (_, i) => [...ids.subarray(offsets[i], offsets[i + 1])]);
}

/** Returns up to ten texts whose ids differ between the two, with both results, and the number of compared texts. */
export async function findDifferences(
  ours: Tokenizer,
  peer: PeerTokenizer,
  texts: readonly string[],
  maxTokens?: number,
): Promise<{ text: string; actual: string; expected: string }[]> {
  const actual = unpack(await ours.encode(texts, { maxTokens }));
  const expected = await peer.encode(texts, maxTokens);
  const differences = [];
  for (const [i, text] of texts.entries()) {
    if (actual[i]!.join() !== expected[i]!.join())
      differences.push({ text, actual: actual[i]!.join(), expected: expected[i]!.join() });
    if (differences.length === 10) break;
  }
  return differences;
}
