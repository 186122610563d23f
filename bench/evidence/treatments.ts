/** Answers with some of their style taken away. */

const FIRST_WORDS = 40;

const sentences = new Intl.Segmenter('en', { granularity: 'sentence' });

/** The first sentence that has letters. */
export function firstSentence(text: string): string {
  for (const { segment } of sentences.segment(text.trim())) if (/\p{L}.*\p{L}/su.test(segment)) return segment.trim();
  return text.trim();
}

/** Without Markdown, bullets and numbers of lists, and with single spaces as the only white space. */
export function withoutFormatting(text: string): string {
  return text
    .replace(/^\s*(?:```|~~~).*$/gm, ' ')
    .replace(/^\s*(?:[-*_]\s*){3,}$/gm, ' ')
    .replace(/^\s*(?:>\s*)+/gm, '')
    .replace(/^\s*(?:[-*+•–—·▪◦]|#{1,6}|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,4})[.):](?=\s))\s*/gm, '')
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[*`#|]+|(?<!\w)_+|_+(?!\w)/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}

export function countWords(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}

/** The first words, as many for every answer. */
export function firstWords(text: string, count = FIRST_WORDS): string {
  return new RegExp(`^\\s*(?:\\S+\\s*){0,${count}}`, 'u').exec(text)![0].trim();
}

/** By name; each takes an answer. */
export const TREATMENTS = {
  'as it is': (text: string): string => text,
  'first sentence': firstSentence,
  'no formatting': withoutFormatting,
  [`first ${FIRST_WORDS} words`]: (text: string): string => firstWords(text),
  [`no formatting, first ${FIRST_WORDS} words`]: (text: string): string => firstWords(withoutFormatting(text)),
} as const satisfies Record<string, (text: string) => string>;

/** Shorter answers would give themselves away by their length, so they take no part. */
export function isLongEnough(text: string): boolean {
  return countWords(withoutFormatting(text)) >= FIRST_WORDS;
}
