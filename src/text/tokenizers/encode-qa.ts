/**
 * Tokenises questions with their answers, and cuts them so that a long question does not displace the answer.
 *
 * With room for n tokens in addition to the special ones, a question of q tokens and an answer of a tokens keep
 *
 *   kept(q) = min(q, max(floor(n / 4), n - a))   and   n - kept(q)
 *
 * tokens, each from its beginning. An answer that leaves a quarter of the room to the question stays complete; a longer
 * one keeps at least three quarters. If both fit, nothing is cut and the ids are those of the complete text.
 */
import { allocateInt32 } from '../../core/allocate.js';
import { type EmbeddableText, questionPart, wholeText } from '../../core/question-answer.js';
import { expectArray, expectFunction, expectInteger, expectObject, expectOptions } from '../../core/validate.js';
import type { PackedTokens } from '../../native/packed-tokens.js';
import { expectEmbeddableTexts } from './arguments.js';
import type { TokenizeOptions, Tokenizer } from './tokenizer.js';

/** Options of `encodeQa`. */
export interface EncodeQaOptions extends TokenizeOptions {
  /**
   * Prepares each text before it is tokenised, for example by adding a prompt, which then counts as part of the
   * question. Applied to the complete text and to its beginning up to the answer. @default no preparation
   */
  prepare?: (text: string) => string;
}

/**
 * Name of the method that cuts long texts. It is part of fingerprints, so that vectors of different methods are not
 * mixed. Change it whenever {@link encodeQa} changes.
 */
export const CUTTING = 'answer-keeps-three-quarters';

/** Returns the number of tokens of `room` that a question keeps. */
export function questionRoom(room: number, question: number, answer: number): number {
  return Math.min(question, Math.max(Math.floor(room / 4), room - answer));
}

/**
 * Tokenises texts; the ids include special tokens. A question with its answer is the text `Q: <question> A: <answer>`.
 * If that is longer than `maxTokens`, the question is cut so that it takes no more than a quarter of the room from the
 * answer. `Q:` belongs to the question and `A:` to the answer. Strings lose their end, as with `tokenizer.encode`.
 *
 * The position of the cut is exact for tokenizers that separate words at white space (WordPiece, and BPE and Unigram as
 * commonly used). For other kinds it can be off by a token.
 *
 * @throws EngineError `ERR_ARG_TYPE` (naming the index of a text that is neither a string nor a question with an
 *   answer), `ERR_ARG_RANGE` (`maxTokens` below the number of special tokens), and like `tokenizer.encode`
 */
export async function encodeQa(
  tokenizer: Tokenizer,
  texts: readonly EmbeddableText[],
  options: EncodeQaOptions = {},
): Promise<PackedTokens> {
  expectTokenizer(tokenizer);
  expectEmbeddableTexts(texts);
  const keys = ['maxTokens', 'signal', 'onProgress', 'prepare'] as const;
  const given = expectOptions(options, 'options', keys) as EncodeQaOptions;
  const { maxTokens = Infinity, prepare = (text: string) => text, ...call } = given;
  expectFunction(prepare, 'prepare');
  const whole = texts.map((text) => prepare(wholeText(text)));
  if (maxTokens === Infinity || texts.every((text) => typeof text === 'string'))
    return tokenizer.encode(whole, { maxTokens, ...call });
  const specials = tokenizer.before.length + tokenizer.after.length;
  expectInteger(maxTokens, 'maxTokens', specials);
  const full = await tokenizer.encode(whole, call);
  const long = [...texts.keys()].filter((row) => lengthOf(full, row) > maxTokens);
  if (long.length === 0) return full;
  const beginnings = long.map((row) => {
    const text = texts[row]!;
    return typeof text === 'string' ? whole[row]! : prepare(questionPart(text));
  });
  const parts = await tokenizer.encode(beginnings, { signal: call.signal });
  return cut(tokenizer, full, maxTokens, new Map(long.map((row, i) => [row, lengthOf(parts, i) - specials])));
}

function expectTokenizer(tokenizer: unknown): void {
  const { encode, before, after } = expectObject(tokenizer, 'tokenizer');
  expectFunction(encode, 'tokenizer.encode');
  for (const [name, ids] of Object.entries({ before, after }))
    expectArray(ids, `tokenizer.${name}`, (id, at) => expectInteger(id, at, 0));
}

function lengthOf({ offsets }: PackedTokens, row: number): number {
  return offsets[row + 1]! - offsets[row]!;
}

/** @param questions number of tokens of the question, by row, for rows that are too long */
function cut(
  { before, after }: Tokenizer,
  full: PackedTokens,
  maxTokens: number,
  questions: ReadonlyMap<number, number>,
): PackedTokens {
  const rows = full.offsets.length - 1;
  const room = maxTokens - before.length - after.length;
  const offsets = new Int32Array(rows + 1);
  for (let row = 0; row < rows; row++) offsets[row + 1] = offsets[row]! + Math.min(lengthOf(full, row), maxTokens);
  const ids = allocateInt32(offsets[rows]!, 'the token ids');
  for (let row = 0; row < rows; row++) {
    const text = full.ids.subarray(full.offsets[row], full.offsets[row + 1]);
    const question = questions.get(row);
    if (question === undefined) {
      ids.set(text, offsets[row]);
      continue;
    }
    // Some tokenizers find more tokens in the beginning alone than in the complete text. Keep the cut inside the text.
    const answer = Math.min(before.length + question, text.length - after.length);
    const kept = before.length + questionRoom(room, answer - before.length, text.length - after.length - answer);
    ids.set(text.subarray(0, kept), offsets[row]);
    ids.set(text.subarray(answer, answer + before.length + room - kept), offsets[row]! + kept);
    ids.set(after, offsets[row + 1]! - after.length);
  }
  return { ids, offsets };
}
