import type { RowLabels } from '../../core/row-labels.js';
import { allowsRow, extendFilter, forbidRow } from './row-filter.js';
import { addMatchingRows, expectKnownNames, expectValueFilter, filterKey, type ValueFilter } from './value-filter.js';

/** Filters whose rows are kept: one takes a bit per row. */
const KEPT_FILTERS = 32;

/** The rows that can be found and that a filter leaves. Never changed once handed out: a search may still read it. */
export interface FilteredRows {
  bits: Uint8Array;
  count: number;
}

interface KeptFilter extends FilteredRows {
  filter: ValueFilter;
  /** What the bits take account of: so many rows of the table, and so many removals. */
  rows: number;
  removed: number;
}

/** Rows with their value ids, which may be appended and removed. */
export interface FilterableRows extends RowLabels {
  /** All rows, also those that were removed. */
  readonly rows: number;
  /** The rows that were removed, in the order in which they were. */
  readonly removed: readonly number[];
}

/** The rows of the filters that were used last, brought up to date when they are asked for. */
export class RowFilters {
  /** The one used last comes last. */
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
