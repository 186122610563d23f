import type { Explanation, Phrase } from '../../identification/classifier/explanation.js';
import { indent } from '../format.js';

/** Sequences that begin and end a style on a terminal. */
const BOLD = ['\x1b[1m', '\x1b[22m'] as const;
const UNDERLINE = ['\x1b[4m', '\x1b[24m'] as const;

/** Describes the phrases that speak for and against a value id, with their effects. */
export function describeWhy({ valueId, for: supporting, against }: Explanation, width: number): string {
  const list = (title: string, phrases: readonly Phrase[]): string[] => [
    `${phrases.length === 0 ? 'no phrases' : 'phrases that'} ${title}`,
    ...phrases.map(({ text, effect }) => {
      const number = (effect > 0 ? '+' : '') + effect.toFixed(3);
      return `  ${number.padStart(7)}  ${JSON.stringify(text)}`;
    }),
  ];
  const lines = [
    `why ${valueId}: how much each phrase adds to its score`,
    ...list('speak for it', supporting),
    ...list('speak against it', against),
  ];
  return indent(lines.map((line) => cut(line, width - 2)).join('\n'));
}

/** Cuts a line without changing its spaces. */
function cut(line: string, width: number): string {
  const characters = Array.from(line);
  return characters.length <= width ? line : `${characters.slice(0, width - 1).join('')}…`;
}

/** Marks the phrases in a text, for a terminal: bold speaks for the value id, underlined against it. */
export function markPhrases(text: string, { for: supporting, against }: Explanation): string {
  const phrases = [
    ...supporting.map((phrase) => ({ ...phrase, style: BOLD })),
    ...against.map((phrase) => ({ ...phrase, style: UNDERLINE })),
  ].sort((a, b) => a.start - b.start);
  let marked = '';
  let position = 0;
  for (const { start, end, style } of phrases) {
    marked += text.slice(position, start) + style[0] + text.slice(start, end) + style[1];
    position = end;
  }
  return marked + text.slice(position);
}
