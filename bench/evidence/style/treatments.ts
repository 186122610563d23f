/** Removes parts of the style of answers. */

const FIRST_WORDS = 40;

const sentences = new Intl.Segmenter('en', { granularity: 'sentence' });

/** Returns the first sentence that has letters. */
export function firstSentence(text: string): string {
  for (const { segment } of sentences.segment(text.trim())) if (/\p{L}.*\p{L}/su.test(segment)) return segment.trim();
  return text.trim();
}

/** Removes Markdown, bullets and list numbers, and reduces white space to single spaces. */
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

/** Returns the first words, the same number for every answer. */
export function firstWords(text: string, count = FIRST_WORDS): string {
  return new RegExp(`^\\s*(?:\\S+\\s*){0,${count}}`, 'u').exec(text)![0].trim();
}

/** Treatments of an answer by name. */
export const TREATMENTS = {
  'as it is': (text: string): string => text,
  'first sentence': firstSentence,
  'no formatting': withoutFormatting,
  [`first ${FIRST_WORDS} words`]: (text: string): string => firstWords(text),
  [`no formatting, first ${FIRST_WORDS} words`]: (text: string): string => firstWords(withoutFormatting(text)),
} as const satisfies Record<string, (text: string) => string>;

/** Shorter answers are left out, because their length would identify them. */
export function isLongEnough(text: string): boolean {
  return countWords(withoutFormatting(text)) >= FIRST_WORDS;
}
