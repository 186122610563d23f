import type { RowLabels } from '../../core/row-labels.js';
import { allowsRow, extendFilter, forbidRow } from './row-filter.js';
import { addMatchingRows, expectKnownNames, expectValueFilter, filterKey, type ValueFilter } from './value-filter.js';

/** Number of filters to cache. Each takes one bit per row. */
const KEPT_FILTERS = 32;

/** The findable rows that match a filter. Never modified once returned, because a search may still be reading it. */
export interface FilteredRows {
  bits: Uint8Array;
  count: number;
}

interface KeptFilter extends FilteredRows {
  filter: ValueFilter;
  /** Numbers of table rows and removals that the bits include. */
  rows: number;
  removed: number;
}

/** Rows with their value ids. Rows can be appended and removed. */
export interface FilterableRows extends RowLabels {
  /** Number of rows, including removed ones. */
  readonly rows: number;
  /** The removed rows in order of removal. */
  readonly removed: readonly number[];
}

/** Caches the rows of the most recently used filters and updates them on request. */
export class RowFilters {
  /** In order of use, most recent last. */
  readonly #kept = new Map<string, KeptFilter>();

  constructor(private readonly table: FilterableRows) {}

  /** @throws EngineError `ERR_ARG_TYPE`; `ERR_ARG_RANGE` for a name that no row has */
  select(filter: ValueFilter): FilteredRows {
    expectValueFilter(filter, 'filter');
    const key = filterKey(filter);
    let kept = this.#kept.get(key);
    if (!kept) expectKnownNames(filter, this.table.names);
    kept = this.#upToDate(kept ?? { filter, bits: new Uint8Array(), count: 0, rows: 0, removed: 0 });
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    if (this.#kept.size > KEPT_FILTERS) this.#kept.delete(this.#kept.keys().next().value!);
    return kept;
  }

  #upToDate(kept: KeptFilter): KeptFilter {
    const { rows, removed } = this.table;
    if (kept.rows === rows && kept.removed === removed.length) return kept;
    const bits = extendFilter(kept.bits, rows);
    let count = kept.count + addMatchingRows(bits, kept.filter, this.table, kept.rows, rows);
    for (let i = kept.removed; i < removed.length; i++) {
      if (!allowsRow(bits, removed[i]!)) continue;
      forbidRow(bits, removed[i]!);
      count--;
    }
    return { filter: kept.filter, bits, count, rows, removed: removed.length };
  }
}
