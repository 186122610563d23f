/** Languages of records: one spelling for each, so that `en`, `en-US` and `English` give the same value id as `eng`. */
import { distance } from 'fastest-levenshtein';

import { LANGUAGE_NAMES } from './language-names.js';

/** A code of two or three letters, and what may follow it in BCP 47; `_` is as good as `-`. */
const TAG = /^[a-z]{2,3}(?:[-_][a-z0-9]{1,8})*$/i;
/** A code that a user made up. */
const PRIVATE = /^x(?:[-_][a-z0-9]+)+$/i;
const SCRIPT = /^[a-z]{4}$/i;
const REGION = /^(?:[a-z]{2}|\d{3})$/i;

/** ISO 639-1 codes that were withdrawn, and those that replaced them. */
const WITHDRAWN: Readonly<Record<string, string>> = {
  in: 'ind',
  iw: 'heb',
  ji: 'yid',
  jw: 'jav',
  mo: 'ron',
  sh: 'hbs',
};

/** Share of the letters of a name that may be wrong for another name to be what was meant. */
const LARGEST_TYPO = 1 / 3;

/** Spellings that a dataset remembers, besides those that it stores. */
const KEPT_SPELLINGS = 1000;

interface LanguageTable {
  /** ISO 639-3 codes by other codes, in lower case. */
  codes: Map<string, string>;
  /** ISO 639-3 codes by names, in lower case. */
  names: Map<string, string>;
  /** The first English name of each code. */
  titles: Map<string, string>;
}

let table: LanguageTable | undefined;

/**
 * Returns the spelling of a language that new datasets store: the ISO 639-3 code, for example `eng` for `en`, `EN`,
 * `en-US` and `English`. A region is left out; a script is kept if it is not the usual one, as in `zho-Hant`. Codes of
 * three letters keep their letters, except for those of ISO 639-2 that ISO 639-3 replaced (`ger`). Codes that begin
 * with `x-` stay as they are.
 *
 * @returns undefined for anything else
 */
export function normaliseLanguage(text: string): string | undefined {
  const { codes, names } = (table ??= readTable());
  const key = text.normalize('NFC').toLowerCase();
  if (PRIVATE.test(text)) return text;
  if (!TAG.test(key)) return names.get(key);
  const [first, ...subtags] = key.split(/[-_]/) as [string, ...string[]];
  const code = codes.get(first) ?? (first.length === 3 ? first : undefined);
  if (code === undefined || subtags.length === 0) return code;
  return withSubtags(code, [first, ...subtags].join('-'), subtags);
}

/** Returns the most likely language for a text that {@link normaliseLanguage} does not know, as `eng (English)`. */
export function suggestLanguage(text: string): string | undefined {
  const code = likelyCode(text.normalize('NFC').toLowerCase());
  const title = code === undefined ? undefined : table!.titles.get(code);
  return title === undefined ? code : `${code} (${title})`;
}

/** Returns the English name of a language as datasets store it, or the code itself if it has none. */
export function languageTitle(code: string): string {
  table ??= readTable();
  return table.titles.get(code) ?? code;
}

/**
 * The languages of one dataset. Datasets of older versions have languages in any spelling: what they already have keeps
 * its spelling, and another spelling of it becomes the same, so that an addition does not split a value id.
 */
export class DatasetLanguages {
  /** Stored spellings by what was given. */
  readonly #spellings = new Map<string, string | undefined>();
  readonly #stored = new Map<string, string>();
  readonly #kept: number;

  /** @param present languages that the dataset has */
  constructor(present: Iterable<string> = []) {
    const languages = new Set(present);
    for (const language of languages) {
      this.#spellings.set(language, language);
      const code = normaliseLanguage(language);
      if (code !== undefined && !languages.has(code)) this.#stored.set(code, language);
    }
    this.#kept = languages.size + KEPT_SPELLINGS;
  }

  /** Returns the spelling to store; undefined for what is not a language. */
  spell(text: string): string | undefined {
    if (this.#spellings.has(text)) return this.#spellings.get(text);
    const spelling = this.#find(text);
    if (this.#spellings.size < this.#kept) this.#spellings.set(text, spelling);
    return spelling;
  }

  #find(text: string): string | undefined {
    const code = normaliseLanguage(text);
    return code === undefined ? undefined : (this.#stored.get(code) ?? code);
  }
}

function readTable(): LanguageTable {
  const read: LanguageTable = { codes: new Map(Object.entries(WITHDRAWN)), names: new Map(), titles: new Map() };
  for (const line of LANGUAGE_NAMES.trim().split('\n')) {
    const [code, ...others] = line.slice(0, line.indexOf(' ')).split('/') as [string, ...string[]];
    const names = line.slice(line.indexOf(' ') + 1).split(', ');
    for (const other of others) read.codes.set(other, code);
    for (const name of names) read.names.set(name.normalize('NFC').toLowerCase(), code);
    read.titles.set(code, names[0]!);
  }
  return read;
}

/** @param tag the entire tag, in the form of BCP 47 */
function withSubtags(code: string, tag: string, subtags: readonly string[]): string | undefined {
  let locale: Intl.Locale;
  try {
    locale = new Intl.Locale(tag);
  } catch {
    return undefined;
  }
  const { script } = locale.maximize();
  const isUsual = script === undefined || script === new Intl.Locale(locale.language).maximize().script;
  const extension = subtags.findIndex(({ length }) => length === 1);
  const others = subtags.filter(
    (subtag, i) => (extension >= 0 && i >= extension) || !(SCRIPT.test(subtag) || REGION.test(subtag)),
  );
  return [code, ...(isUsual ? [] : [script]), ...others].join('-');
}

function likelyCode(key: string): string | undefined {
  const { codes, names } = (table ??= readTable());
  if (/^[a-z]{2}$/.test(key)) {
    // People write the country: jp, cn, us.
    if (new Intl.DisplayNames('en', { type: 'region', fallback: 'none' }).of(key.toUpperCase()) === undefined)
      return undefined;
    const { language } = new Intl.Locale(`und-${key}`).maximize();
    return language === 'und' ? undefined : (codes.get(language) ?? language);
  }
  const plain = key.replace(/[^\p{L}\p{M}]+/gu, ' ').trim();
  const whole = names.get(plain);
  if (whole !== undefined) return whole;
  for (const word of plain.split(' ')) {
    const code = word.length > 3 ? names.get(word) : undefined;
    if (code !== undefined) return code;
  }
  let best: string | undefined;
  let least = Math.floor(plain.length * LARGEST_TYPO) + 1;
  for (const [name, code] of names) {
    const errors = distance(plain, name);
    if (errors < least) [best, least] = [code, errors];
  }
  return best;
}
