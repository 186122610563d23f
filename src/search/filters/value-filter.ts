import { distance } from 'fastest-levenshtein';
import { EngineError } from '../../core/errors.js';
import { normaliseLanguage } from '../../core/languages.js';
import type { RowLabels } from '../../core/row-labels.js';
import { describe, expectObject, expectOptions, expectStrings } from '../../core/validate.js';
import { splitValueId } from '../../core/value-id.js';
import { allowRow } from './row-filter.js';

/** Limits a search to rows whose value in every given field is one of the given names. */
export interface ValueFilter {
  model?: string | readonly string[] | undefined;
  lang?: string | readonly string[] | undefined;
  valueId?: string | readonly string[] | undefined;
}

export const FILTER_FIELDS = ['model', 'lang', 'valueId'] as const;
type FilterField = (typeof FILTER_FIELDS)[number];

/** Number of known names that an error message suggests. */
const SUGGESTIONS = 5;

/**
 * Checks the shape of a filter.
 *
 * @throws EngineError `ERR_ARG_TYPE` for unknown fields, and for fields that are neither a string nor an array of
 *   strings
 */
export function expectValueFilter(value: unknown, name: string): ValueFilter {
  const filter = expectOptions(expectObject(value, name), name, FILTER_FIELDS);
  for (const field of FILTER_FIELDS) {
    const names = filter[field];
    if (names !== undefined && typeof names !== 'string') expectStrings(names, `${name}.${field}`);
  }
  return filter as ValueFilter;
}

/** Returns a cache key that is equal for equivalent filters. */
export function filterKey(filter: ValueFilter): string {
  return JSON.stringify(FILTER_FIELDS.map((field) => wantedNames(filter, field)?.sort() ?? null));
}

/**
 * Rejects names that do not occur in any value id.
 *
 * @param valueIds distinct value ids of all rows
 * @throws EngineError `ERR_ARG_RANGE` naming the field, with suggestions of similar names
 */
export function expectKnownNames(filter: ValueFilter, valueIds: readonly string[]): void {
  for (const field of FILTER_FIELDS) {
    const wanted = givenNames(filter, field);
    if (!wanted) continue;
    const known = new Set(valueIds.map((valueId) => nameIn(valueId, field)));
    const unknown = wanted.find((name) => !spellings(field, name).some((one) => known.has(one)));
    if (unknown !== undefined) throw unknownName(`filter.${field}`, unknown, [...known]);
  }
}

/**
 * Creates the error for a name that does not occur, with the most likely names.
 *
 * @param argument the argument that has the name
 */
export function unknownName(argument: string, name: string, known: readonly string[]): EngineError {
  const near = nearNames(name, known).map((one) => JSON.stringify(one));
  const rest = known.length > near.length ? ` and ${known.length - near.length} more` : '';
  return new EngineError(
    'ERR_ARG_RANGE',
    `Expected a known name for "${argument}", got ${describe(name)}; known names are ${near.join(', ')}${rest}`,
  );
}

/**
 * Sets the bits of the matching rows in the range from `first` to `end`, exclusive.
 *
 * @returns the number of matching rows
 */
export function addMatchingRows(
  bits: Uint8Array,
  filter: ValueFilter,
  { names, labels }: RowLabels,
  first: number,
  end: number,
): number {
  const matches = matchValueIds(filter, names);
  let added = 0;
  for (let row = first; row < end; row++) {
    if (!matches[labels[row]!]) continue;
    allowRow(bits, row);
    added++;
  }
  return added;
}

/** Checks which value ids match a filter. */
export function matchValueIds(filter: ValueFilter, valueIds: readonly string[]): boolean[] {
  const wanted = FILTER_FIELDS.filter((field) => filter[field] !== undefined).map((field) => ({
    field,
    names: new Set(wantedNames(filter, field)),
  }));
  return valueIds.map((valueId) => wanted.every(({ field, names }) => names.has(nameIn(valueId, field))));
}

/**
 * Returns the distinct names that a filter accepts in a field; undefined if it does not limit the field. Languages are
 * also accepted in the spelling of new datasets, so `en` finds `eng`.
 */
export function wantedNames(filter: ValueFilter, field: FilterField): string[] | undefined {
  const names = givenNames(filter, field);
  return names && [...new Set(names.flatMap((name) => spellings(field, name)))];
}

function givenNames(filter: ValueFilter, field: FilterField): readonly string[] | undefined {
  const names = filter[field];
  return typeof names === 'string' ? [names] : names;
}

function spellings(field: FilterField, name: string): string[] {
  const language = field === 'lang' ? normaliseLanguage(name) : undefined;
  return language === undefined ? [name] : [name, language];
}

function nameIn(valueId: string, field: FilterField): string {
  return field === 'valueId' ? valueId : splitValueId(valueId)[field];
}

/**
 * Suggests the most likely names: first those that contain the given one or are contained in it, then the nearest by
 * edit distance.
 */
function nearNames(given: string, known: readonly string[]): string[] {
  const text = given.toLowerCase();
  const ranked = known.map((name) => {
    const other = name.toLowerCase();
    return { name, apart: other.includes(text) || text.includes(other) ? 0 : 1, letters: distance(text, other) };
  });
  return ranked
    .sort((a, b) => a.apart - b.apart || a.letters - b.letters || (a.name < b.name ? -1 : 1))
    .slice(0, SUGGESTIONS)
    .map(({ name }) => name);
}
