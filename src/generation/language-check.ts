/** Whether a text is in the language that was asked for: by its script, then by a language identifier. */
import { importOptional } from '../core/optional-package.js';
import type { LanguageEntry } from './project-schema.js';

/** False where a text is clearly in another language; a text that tells too little passes. */
export type LanguageCheck = (text: string, language: string) => boolean;

/** Fewer letters say nothing about a language. */
const MIN_LETTERS = 12;
/** Share of the letters that have to be in the scripts of the language; names and terms may be in others. */
const MIN_SCRIPT_SHARE = 0.5;
/** Long enough to be sure, short enough for a million answers. */
const MAX_CHARACTERS = 2000;

/** Languages that the identifier does not tell apart, or calls by one code. */
const RELATIVES: Readonly<Record<string, readonly string[]>> = {
  id: ['ms'],
  no: ['da'],
  nb: ['no', 'da'],
  nn: ['no', 'da'],
  da: ['no'],
  hr: ['sr', 'bs', 'sl'],
  sr: ['hr', 'bs'],
  bs: ['hr', 'sr'],
  gl: ['pt', 'es'],
  fil: ['tl'],
  cmn: ['zh'],
};

/** A check for the languages of a table. The identifier takes 200 MB, so it is loaded only now. */
export async function languageCheck(table: ReadonlyMap<string, LanguageEntry>): Promise<LanguageCheck> {
  const { eld } = await importOptional('eld', 'A check of languages', () => import('eld/medium'));
  const known = new Set(Object.values(eld.info().Languages));
  const scripts = new Map([...table].map(([code, entry]) => [code, scriptPattern(entry.scripts)]));
  return (text, language) => {
    const sample = text.slice(0, MAX_CHARACTERS);
    const letters = sample.match(/\p{L}/gu)?.length ?? 0;
    if (letters < MIN_LETTERS) return true;
    const script = scripts.get(language);
    if (script && (sample.match(script)?.length ?? 0) < MIN_SCRIPT_SHARE * letters) return false;
    const found = eld.detect(sample);
    if (found.language === '' || !found.isReliable()) return true;
    const expected = shortCode(language);
    if (found.language === expected || RELATIVES[expected]?.includes(found.language)) return true;
    // Of a language that it does not know the identifier can only say that a text is English, which is the usual fault.
    return known.has(expected) || RELATIVES[expected] ? false : found.language !== 'en';
  };
}

function scriptPattern(scripts: readonly string[]): RegExp {
  return new RegExp(`[${scripts.map((script) => `\\p{Script=${script}}`).join('')}]`, 'gu');
}

/** ISO 639-1 where there is one: `spa` as `es`, `arb` as `ar`, `zho` as `zh`. */
export function shortCode(language: string): string {
  const short = new Intl.Locale(language).language;
  return short === 'fil' ? 'tl' : short;
}
