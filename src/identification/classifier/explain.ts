/** Explains classifications: which phrases of a text speak for a value id, and which against it. */
import { fail } from '../../core/validate.js';
import type { CallOptions } from '../../native/call.js';
import { NGRAM_DEFAULTS } from '../../text/ngrams/ngram-defaults.js';
import { readTokens, type WordToken } from '../../text/ngrams/word-tokens.js';
import type { Explanation } from './explanation.js';
import type { ValueClassifier } from './value-classifier.js';

/** Positions of the first and the last token of a phrase. */
interface TokenSpan {
  first: number;
  last: number;
}

const MAX_PHRASE_TOKENS = 6;
const MAX_PHRASES = 5;

/**
 * Finds the phrases of a text that speak most for and against a value id. Each of the first 400 tokens is left out in
 * turn; neighbours that change the decision value in the same direction form a phrase; and each phrase is left out to
 * measure its effect. The similarity of the fitted encoder is not explained.
 *
 * @param text an answer, without its question
 * @throws EngineError `ERR_ARG_RANGE` for a value id that the classifier does not know; `ERR_ABORTED`, `ERR_DISPOSED`
 */
export async function explainClassification(
  classifier: ValueClassifier,
  text: string,
  valueId: string,
  call: CallOptions = {},
): Promise<Explanation> {
  const position = classifier.names.indexOf(valueId);
  if (position < 0) fail('ERR_ARG_RANGE', 'a value id of the classifier', 'valueId', valueId);
  const tokens = readTokens(text, NGRAM_DEFAULTS.words.limit);
  const effectsOf = async (spans: readonly TokenSpan[]): Promise<number[]> => {
    const read = text.slice(0, tokens.at(-1)?.end);
    const { decisions } = await classifier.decide([read, ...spans.map((span) => without(read, tokens, span))], call);
    const [complete, ...rest] = decisions.map((values) => values[position]!);
    return rest.map((value) => complete! - value);
  };
  const single = await effectsOf(tokens.map((_, i) => ({ first: i, last: i })));
  const spans = mergeNeighbours(single);
  const effects = await effectsOf(spans);
  const phrases = spans.map(({ first, last }, i) => {
    const start = tokens[first]!.begin;
    const { end } = tokens[last]!;
    return { text: text.slice(start, end), start, end, effect: effects[i]! };
  });
  phrases.sort((a, b) => b.effect - a.effect || a.start - b.start);
  return {
    valueId,
    for: phrases.slice(0, MAX_PHRASES).filter(({ effect }) => effect > 0),
    against: phrases
      .slice(-MAX_PHRASES)
      .filter(({ effect }) => effect < 0)
      .reverse(),
  };
}

/** Joins neighbouring tokens whose effects have the same sign. */
function mergeNeighbours(effects: readonly number[]): TokenSpan[] {
  const spans: TokenSpan[] = [];
  effects.forEach((effect, i) => {
    const span = spans.at(-1);
    const continues = span?.last === i - 1 && Math.sign(effects[i - 1]!) === Math.sign(effect);
    if (continues && i - span.first < MAX_PHRASE_TOKENS) span.last = i;
    else if (effect !== 0) spans.push({ first: i, last: i });
  });
  return spans;
}

/** Leaves tokens out, together with the space on one side of them. The words beside them stay apart. */
function without(text: string, tokens: readonly WordToken[], { first, last }: TokenSpan): string {
  const before = tokens[first - 1];
  const after = tokens[last + 1];
  if (!before || !after) return text.slice(0, before?.end ?? 0) + text.slice(after?.begin ?? text.length);
  const spaceBefore = text.slice(before.end, tokens[first]!.begin);
  const spaceAfter = text.slice(tokens[last]!.end, after.begin);
  const gap = spaceBefore || spaceAfter || (before.isWord && after.isWord ? ' ' : '');
  return text.slice(0, before.end) + gap + text.slice(after.begin);
}
