import { allocateInt32 } from '../../core/allocate.js';
import { isObject, type Json, readJson } from '../../core/json-file.js';
import type { CallOptions } from '../../native/call.js';
import type { PackedTokens } from '../../native/packed-tokens.js';
import { loadTokenizer } from '../../text/tokenizers/load-tokenizer.js';
import type { Tokenizer } from '../../text/tokenizers/tokenizer.js';
import type { StaticFolder } from './static-folder.js';

/** Turns texts into the tokens whose rows are averaged. */
export class TokenBags {
  private constructor(
    private readonly tokenizer: Tokenizer,
    private readonly prompt: string,
    /** Tokens per text; Infinity if there is no limit. */
    private readonly maxTokens: number,
    /** Characters per text that are tokenised; Infinity if there is no limit. */
    private readonly maxCharacters: number,
    /** The token that is left out. */
    private readonly unknown: number | undefined,
  ) {}

  /** @throws EngineError `ERR_DATA`, `ERR_NATIVE_LOAD` like `loadTokenizer` */
  static async load(
    { tokenizer: path, prompt, isModel2vec }: StaticFolder,
    maxTokens: number | undefined = Infinity,
  ): Promise<TokenBags> {
    const tokenizer = await loadTokenizer(path);
    if (!isModel2vec) return new TokenBags(tokenizer, prompt, maxTokens, Infinity, undefined);
    const json = await readJson(path);
    const ids = vocabularyOf(json);
    const unknown = isObject(json['model']) ? json['model']['unk_token'] : undefined;
    const characters = maxTokens * medianLength([...ids.keys()]);
    return new TokenBags(tokenizer, prompt, maxTokens, characters, ids.get(String(unknown)));
  }

  /** Number of tokens. */
  get size(): number {
    return this.tokenizer.vocabSize;
  }

  async encode(texts: readonly string[], { signal }: Pick<CallOptions, 'signal'>): Promise<PackedTokens> {
    const { tokenizer, prompt, maxTokens, maxCharacters, unknown } = this;
    const { before, after } = tokenizer;
    const cut = texts.map((text) => firstCharacters(prompt + text, maxCharacters));
    // Unknown tokens are left out before a text is cut.
    const limit = unknown === undefined && maxTokens < Infinity ? maxTokens + before.length + after.length : undefined;
    const { ids, offsets } = await tokenizer.encode(cut, { signal, maxTokens: limit });
    const kept = { ids: allocateInt32(ids.length, 'the token ids'), offsets: new Int32Array(offsets.length) };
    for (let text = 0, end = 0; text < texts.length; text++) {
      const tokens = ids.subarray(offsets[text]! + before.length, offsets[text + 1]! - after.length);
      const known = (unknown === undefined ? tokens : tokens.filter((id) => id !== unknown)).subarray(0, maxTokens);
      kept.ids.set(known, end);
      end += known.length;
      kept.offsets[text + 1] = end;
    }
    return { ids: kept.ids.subarray(0, kept.offsets[texts.length]), offsets: kept.offsets };
  }

  dispose(): Promise<void> {
    return this.tokenizer.dispose();
  }
}

/** Returns the id of every token of a tokenizer.json, including added tokens. */
function vocabularyOf({ model, added_tokens: added }: Json): Map<string, number> {
  const vocabulary = isObject(model) ? model['vocab'] : undefined;
  const entries: (readonly [unknown, unknown])[] = Array.isArray(vocabulary)
    ? vocabulary.map((entry: unknown, id) => [Array.isArray(entry) ? entry[0] : '', id])
    : Object.entries(isObject(vocabulary) ? vocabulary : {});
  for (const token of Array.isArray(added) ? added.filter(isObject) : []) entries.push([token['content'], token['id']]);
  return new Map(entries.map(([token, id]) => [String(token), Number(id)]));
}

/** The median number of characters of the tokens, rounded down, as model2vec computes it. */
function medianLength(tokens: readonly string[]): number {
  const lengths = tokens.map((token) => Array.from(token).length).sort((a, b) => a - b);
  const middle = lengths.length >> 1;
  return Math.floor(lengths.length % 2 === 1 ? lengths[middle]! : (lengths[middle - 1]! + lengths[middle]!) / 2);
}

/** Cuts a text after so many code points. */
function firstCharacters(text: string, count: number): string {
  if (text.length <= count) return text;
  let end = 0;
  for (let left = count; left > 0 && end < text.length; left--) end += text.codePointAt(end)! > 0xffff ? 2 : 1;
  return text.slice(0, end);
}
