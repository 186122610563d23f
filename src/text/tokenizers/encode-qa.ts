/**
 * Token ids of questions with their answers, cut so that a long question does not push the answer out of the text.
 *
 * If there is room for n tokens besides the special ones, a question of q and an answer of a tokens get
 *
 *   kept(q) = min(q, max(floor(n / 4), n - a))   and   n - kept(q),
 *
 * each from its beginning: an answer keeps all of itself if a quarter is enough for the question, and at least three
 * quarters of the room. If both fit, nothing is cut and the ids are those of the complete text.
 */
import { allocateInt32 } from '../../core/allocate.js';
import { type EmbeddableText, questionPart, wholeText } from '../../core/question-answer.js';
import { expectArray, expectFunction, expectInteger, expectObject, expectOptions } from '../../core/validate.js';
import type { PackedTokens } from '../../native/packed-tokens.js';
import { expectEmbeddableTexts } from './arguments.js';
import type { TokenizeOptions, Tokenizer } from './tokenizer.js';

export interface EncodeQaOptions extends TokenizeOptions {
  /**
   * Prepares each text before it is tokenised, for example by a prompt, which then counts to the question. Applied to
   * the complete text and to its beginning up to the answer. @default nothing
   */
  prepare?: (text: string) => string;
}

/**
 * Names the way in which long texts are cut, for descriptions of what vectors depend on: those of an earlier way must
 * not be continued with these. Change it with what {@link encodeQa} does.
 */
export const CUTTING = 'answer-keeps-three-quarters';

/** Tokens that a question keeps of `room`. */
export function questionRoom(room: number, question: number, answer: number): number {
  return Math.min(question, Math.max(Math.floor(room / 4), room - answer));
}

/**
 * Token ids of texts, special tokens included. A question with its answer counts as the text `Q: <question> A:
 * <answer>`; if that is longer than `maxTokens`, the question is cut before the answer loses more than a quarter of
 * the room to it. `Q:` belongs to the question and `A:` to the answer. Strings lose their end, as with
 * `tokenizer.encode`.
 *
 * Where the cut falls is exact for tokenizers that separate words at white space (WordPiece, BPE and Unigram as they
 * are in use); another kind may put it a token off.
 *
 * @throws EngineError `ERR_ARG_TYPE` (names the index of a text that is neither a string nor a question with an
 *   answer), `ERR_ARG_RANGE` (`maxTokens` below the number of special tokens), and as `tokenizer.encode`
 */
export async function encodeQa(
  tokenizer: Tokenizer,
  texts: readonly EmbeddableText[],
  options: EncodeQaOptions = {},
): Promise<PackedTokens> {
  expectTokenizer(tokenizer);
  expectEmbeddableTexts(texts);
  expectOptions(options, 'options', ['maxTokens', 'signal', 'onProgress', 'prepare']);
  const { maxTokens = Infinity, prepare = (text: string) => text, ...call } = options;
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

/** @param questions tokens of the question by row, of those rows that are too long */
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
    // A tokenizer that finds more tokens in the beginning alone than in the complete text must not put the cut outside of the text.
    const answer = Math.min(before.length + question, text.length - after.length);
    const kept = before.length + questionRoom(room, answer - before.length, text.length - after.length - answer);
    ids.set(text.subarray(0, kept), offsets[row]);
    ids.set(text.subarray(answer, answer + before.length + room - kept), offsets[row]! + kept);
    ids.set(after, offsets[row + 1]! - after.length);
  }
  return { ids, offsets };
}
