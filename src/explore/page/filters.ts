/**
 * Which rows are shown, and how many there are of each category. Every filter counts what the others leave, so that one
 * sees what another choice would show.
 */
import type { MapColumn } from '../../maps/value-map.js';

/** Bins of the histogram of a number. */
export const BINS = 32;

/** What is filtered: rows with a value id and numbers. */
export interface FilterableRows {
  rowValueIds: Int32Array;
  /** Categories by value id. */
  columns: readonly MapColumn[];
  numberOf: readonly ((row: number) => number)[];
}

export interface Bins {
  least: number;
  most: number;
  counts: Uint32Array;
}

/** Number of sets of rows that can restrict what is shown. */
const ROW_SETS = ['search', 'selection'] as const;
export type RowSet = (typeof ROW_SETS)[number];

export class Filters {
  /** For every row, 1 if it is shown. */
  readonly shown: Uint8Array;
  count = 0;
  /** For every column, the rows of each category that the other filters leave. */
  readonly counts: Uint32Array[];
  readonly bins: Bins[];
  /** Chosen categories of each column; undefined for all. */
  readonly categories: (ReadonlySet<number> | undefined)[];
  /** Chosen range of each number; undefined for all. */
  readonly ranges: (readonly [number, number] | undefined)[];
  /** Position of the number that only decides the colours, behind those of the data. It has no bins without one. */
  readonly colour: number;
  readonly #sets: Record<RowSet, Uint8Array | undefined> = { search: undefined, selection: undefined };
  readonly #numberOf: ((row: number) => number)[];
  /** For every number and row, its bin; 255 for none. */
  readonly #binOf: Uint8Array[];

  constructor(private readonly data: FilterableRows) {
    const rows = data.rowValueIds.length;
    this.shown = new Uint8Array(rows).fill(1);
    this.categories = data.columns.map(() => undefined);
    this.ranges = data.numberOf.map(() => undefined);
    this.colour = data.numberOf.length;
    this.#numberOf = [...data.numberOf];
    this.counts = data.columns.map(({ values }) => new Uint32Array(values.length));
    this.bins = data.numberOf.map((valueOf) => extentOf(rows, valueOf));
    this.#binOf = data.numberOf.map((valueOf, i) => binsOf(rows, valueOf, this.bins[i]!));
    this.apply();
  }

  /** Sets the number that decides the colours, or removes it with its range. */
  setColour(number: { valueOf: (row: number) => number; least: number; most: number } | undefined): void {
    const { colour: at } = this;
    for (const list of [this.bins, this.ranges, this.#numberOf, this.#binOf]) list.length = at;
    if (!number) return;
    const { valueOf, least, most } = number;
    this.ranges[at] = undefined;
    this.#numberOf[at] = valueOf;
    this.bins[at] = { least, most, counts: new Uint32Array(BINS) };
    this.#binOf[at] = binsOf(this.shown.length, valueOf, this.bins[at]);
  }

  /** Restricts what is shown to rows whose byte is 1; undefined for all rows. */
  setRows(set: RowSet, rows: Uint8Array | undefined): void {
    this.#sets[set] = rows;
  }

  hasRows(set: RowSet): boolean {
    return this.#sets[set] !== undefined;
  }

  get isActive(): boolean {
    return (
      [...this.categories, ...this.ranges].some((filter) => filter !== undefined) ||
      ROW_SETS.some((set) => this.hasRows(set))
    );
  }

  clear(): void {
    this.categories.fill(undefined);
    this.ranges.fill(undefined);
    for (const set of ROW_SETS) this.#sets[set] = undefined;
  }

  /** Applies the filters to all rows. */
  apply(): void {
    const { columns, rowValueIds } = this.data;
    const numberOf = this.#numberOf;
    const names = columns[0]!.values.length;
    const failing = this.#failingByValueId(names);
    const firstRange = columns.length;
    const setBit = 1 << (firstRange + numberOf.length);
    const { search, selection } = this.#sets;
    /** Rows of each value id that no filter excludes, and those that only one excludes. */
    const all = new Uint32Array(names);
    const only = columns.map(() => new Uint32Array(names));
    for (const { counts } of this.bins) counts.fill(0);
    this.count = 0;
    for (let row = 0; row < rowValueIds.length; row++) {
      const id = rowValueIds[row]!;
      let mask = failing[id]!;
      if ((search && !search[row]) || (selection && !selection[row])) mask |= setBit;
      for (let i = 0; i < numberOf.length; i++) {
        const range = this.ranges[i];
        if (!range) continue;
        const value = numberOf[i]!(row);
        if (!(value >= range[0] && value <= range[1])) mask |= 1 << (firstRange + i);
      }
      this.shown[row] = mask === 0 ? 1 : 0;
      if (mask === 0) {
        this.count++;
        all[id]!++;
      } else if ((mask & (mask - 1)) !== 0) continue;
      const single = mask === 0 ? -1 : 31 - Math.clz32(mask);
      if (single >= 0 && single < firstRange) only[single]![id]!++;
      for (let i = 0; i < numberOf.length; i++) {
        if (mask !== 0 && single !== firstRange + i) continue;
        const bin = this.#binOf[i]![row]!;
        if (bin < BINS) this.bins[i]!.counts[bin]!++;
      }
    }
    columns.forEach(({ codes }, i) => {
      const counts = this.counts[i]!.fill(0);
      for (let id = 0; id < names; id++) counts[codes[id]!]! += all[id]! + only[i]![id]!;
    });
  }

  /** For every value id, one bit for each column whose choice excludes it. */
  #failingByValueId(names: number): Uint32Array {
    return Uint32Array.from({ length: names }, (_, id) =>
      this.data.columns.reduce((mask, { codes }, i) => {
        const chosen = this.categories[i];
        return chosen && !chosen.has(codes[id]!) ? mask | (1 << i) : mask;
      }, 0),
    );
  }
}

function extentOf(rows: number, valueOf: (row: number) => number): Bins {
  let [least, most] = [Infinity, -Infinity];
  for (let row = 0; row < rows; row++) {
    const value = valueOf(row);
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return { least, most, counts: new Uint32Array(BINS) };
}

function binsOf(rows: number, valueOf: (row: number) => number, { least, most }: Bins): Uint8Array {
  const width = (most - least) / BINS || 1;
  const bins = new Uint8Array(rows); // a loop, because "from" takes several times as long
  for (let row = 0; row < rows; row++) {
    const value = valueOf(row);
    bins[row] = Number.isNaN(value) ? 255 : Math.min(BINS - 1, Math.floor((value - least) / width));
  }
  return bins;
}
