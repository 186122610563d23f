/** What people type into the search box, as a query of SQLite's FTS5 (https://www.sqlite.org/fts5.html). */
import { EngineError } from '../../core/errors.js';

/**
 * Characters of scripts that write no spaces between words, as in word-tokens.ts. Each of them is a word of its own;
 * two beside each other are a phrase.
 */
const SINGLE = /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u{20000}-\u{3ffff}]/gu;
/** A phrase in quotes, or a word; with a minus sign before it, one that must not occur. */
const TERM = /(?<not>-?)(?:"(?<phrase>[^"]*)"?|(?<word>[^\s"]+))/gu;
const LONGEST = 1000;

/** Separates the words of scripts without spaces, in texts and in queries alike. */
export function separateWords(text: string): string {
  return text.replace(SINGLE, ' $& ').replaceAll('\0', ' ');
}

/**
 * Translates words, `"phrases"`, `prefix*` and `-exclusions` to a query. All of them must hold. Every other character
 * separates words, so nothing in a query is an operator.
 *
 * @throws EngineError `ERR_ARG_RANGE` without a word to search for
 */
export function toFtsQuery(text: string): string {
  const wanted: string[] = [];
  const unwanted: string[] = [];
  for (const { groups } of text.slice(0, LONGEST).matchAll(TERM)) {
    const given = groups?.['phrase'] ?? groups?.['word'] ?? '';
    const isPrefix = groups?.['phrase'] === undefined && given.endsWith('*');
    const words = separateWords(given).match(/[\p{L}\p{N}\p{M}]+/gu);
    if (!words) continue;
    const term = `"${words.join(' ')}"${isPrefix ? ' *' : ''}`;
    (groups?.['not'] === '-' ? unwanted : wanted).push(term);
  }
  if (wanted.length === 0)
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected at least one word to search for, got ${JSON.stringify(text.slice(0, 40))}`,
    );
  const all = wanted.join(' AND ');
  return unwanted.length === 0 ? all : `(${all}) NOT (${unwanted.join(' OR ')})`;
}
