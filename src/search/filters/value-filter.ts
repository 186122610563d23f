import { distance } from 'fastest-levenshtein';
import { EngineError } from '../../core/errors.js';
import type { RowLabels } from '../../core/row-labels.js';
import { describe, expectObject, expectOptions, expectStrings } from '../../core/validate.js';
import { splitValueId } from '../../core/value-id.js';
import { allowRow } from './row-filter.js';

/** Which rows may be neighbours: those that have, for every field given, one of its names. */
export interface ValueFilter {
  model?: string | readonly string[] | undefined;
  lang?: string | readonly string[] | undefined;
  valueId?: string | readonly string[] | undefined;
}

export const FILTER_FIELDS = ['model', 'lang', 'valueId'] as const;
type FilterField = (typeof FILTER_FIELDS)[number];

/** Names that a refusal offers in place of an unknown one. */
const SUGGESTIONS = 5;

/**
 * Checks the shape of a filter.
 *
 * @throws EngineError `ERR_ARG_TYPE` for other fields, and for fields that are neither a string nor an array of strings
 */
export function expectValueFilter(value: unknown, name: string): ValueFilter {
  const filter = expectOptions(expectObject(value, name), name, FILTER_FIELDS);
  for (const field of FILTER_FIELDS) {
    const names = filter[field];
    if (names !== undefined && typeof names !== 'string') expectStrings(names, `${name}.${field}`);
  }
  return filter as ValueFilter;
}

/** The same for filters that mean the same. */
export function filterKey(filter: ValueFilter): string {
  return JSON.stringify(FILTER_FIELDS.map((field) => wantedNames(filter, field)?.sort() ?? null));
}

/**
 * Refuses names that no value id has.
 *
 * @param valueIds distinct ones, of all rows
 * @throws EngineError `ERR_ARG_RANGE` naming the field, and names near the one that it holds
 */
export function expectKnownNames(filter: ValueFilter, valueIds: readonly string[]): void {
  for (const field of FILTER_FIELDS) {
    const wanted = wantedNames(filter, field);
    if (!wanted) continue;
    const known = new Set(valueIds.map((valueId) => nameIn(valueId, field)));
    const unknown = wanted.find((name) => !known.has(name));
    if (unknown === undefined) continue;
    const near = nearNames(unknown, [...known]).map((name) => JSON.stringify(name));
    const rest = known.size > near.length ? ` and ${known.size - near.length} more` : '';
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected names that rows have for "filter.${field}", got ${describe(unknown)}; there are ${near.join(', ')}${rest}`,
    );
  }
}

/**
 * Adds the rows from `first` to before `end` that a filter leaves.
 *
 * @returns how many
 */
export function addMatchingRows(
  bits: Uint8Array,
  filter: ValueFilter,
  { names, labels }: RowLabels,
  first: number,
  end: number,
): number {
  const wanted = FILTER_FIELDS.map((field) => ({ field, names: new Set(wantedNames(filter, field)) })).filter(
    ({ field }) => filter[field] !== undefined,
  );
  const matches = names.map((valueId) => wanted.every((one) => one.names.has(nameIn(valueId, one.field))));
  let added = 0;
  for (let row = first; row < end; row++) {
    if (!matches[labels[row]!]) continue;
    allowRow(bits, row);
    added++;
  }
  return added;
}

/** Distinct names; undefined where the filter leaves the field free. */
export function wantedNames(filter: ValueFilter, field: FilterField): string[] | undefined {
  const names = filter[field];
  return names === undefined ? undefined : [...new Set(typeof names === 'string' ? [names] : names)];
}

function nameIn(valueId: string, field: FilterField): string {
  return field === 'valueId' ? valueId : splitValueId(valueId)[field];
}

/**
 * The names that someone most likely meant: those that contain the given one, or are contained in it, then the nearest
 * by letters.
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
