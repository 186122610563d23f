/** Treatments of the words of an English answer. */
import { SeededRandom } from '../../../src/core/random.js';
import { FUNCTION_WORDS } from './function-words.js';
import { withoutFormatting } from './treatments.js';

/** Words, and the characters between them. */
const PARTS = /[\p{L}\p{N}]+|[^\p{L}\p{N}]+/gu;

const isWord = (part: string): boolean => /^[\p{L}\p{N}]/u.test(part);
const isFunctionWord = (part: string): boolean => FUNCTION_WORDS.has(part.toLowerCase());

const wordsOf = (text: string): string[] => (text.match(PARTS) ?? []).filter(isWord);

/** Keeps the words that carry content, without punctuation. */
export function contentWords(text: string): string {
  return wordsOf(text)
    .filter((word) => !isFunctionWord(word))
    .join(' ');
}

/** Keeps grammar: function words and punctuation. */
export function functionWords(text: string): string {
  return (withoutFormatting(text).match(PARTS) ?? [])
    .filter((part) => !isWord(part) || isFunctionWord(part))
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .join(' ');
}

/** Shuffles the words, without punctuation. Equal texts and seeds give equal results. */
export function shuffledWords(text: string, seed: number): string {
  return new SeededRandom(seed).shuffle(wordsOf(text)).join(' ');
}
