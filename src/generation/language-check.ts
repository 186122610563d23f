/** Checks whether a text is in the requested language, first by its script, then with a language identifier. */
import { OPTIONAL_FEATURES } from '../core/optional-features.js';
import { importOptional } from '../core/optional-package.js';
import type { LanguageEntry } from './project-types.js';

/** Returns false if a text is clearly in another language. A text that is too short to decide passes. */
export type LanguageCheck = (text: string, language: string) => boolean;

/** Texts with fewer letters are not checked. */
const MIN_LETTERS = 12;
/** Minimum share of letters in the scripts of the language. Names and terms may be in others. */
const MIN_SCRIPT_SHARE = 0.5;
/** Enough to identify a language, and fast enough for a million answers. */
const MAX_CHARACTERS = 2000;

/** Languages that the identifier confuses or gives another code. */
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

/** Creates a check for the languages of a table. Loads the identifier, which takes 200 MB. */
export async function languageCheck(table: ReadonlyMap<string, LanguageEntry>): Promise<LanguageCheck> {
  const { eld } = await importOptional(OPTIONAL_FEATURES.languages, () => import('eld/medium'));
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
    // For a language that the identifier does not know, it can only detect English, the most common fault.
    return known.has(expected) || RELATIVES[expected] ? false : found.language !== 'en';
  };
}

function scriptPattern(scripts: readonly string[]): RegExp {
  return new RegExp(`[${scripts.map((script) => `\\p{Script=${script}}`).join('')}]`, 'gu');
}

/** Returns the ISO 639-1 code if one exists: `spa` as `es`, `arb` as `ar`, `zho` as `zh`. */
export function shortCode(language: string): string {
  const short = new Intl.Locale(language).language;
  return short === 'fil' ? 'tl' : short;
}
