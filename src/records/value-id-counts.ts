import type { RowLabels } from '../core/row-labels.js';
import { type QaRecord, valueId } from './record.js';

/** Counts the rows of each value id. */
export class ValueIdCounts {
  readonly #counts = new Map<string, number>();

  add(record: QaRecord): void {
    this.#add(valueId(record), 1);
  }

  /** Counts rows by their labels, which stand for value ids. */
  addRows({ names, labels }: RowLabels): void {
    const rows = new Int32Array(names.length);
    for (const label of labels) rows[label]!++;
    names.forEach((id, label) => this.#add(id, rows[label]!));
  }

  #add(id: string, rows: number): void {
    this.#counts.set(id, (this.#counts.get(id) ?? 0) + rows);
  }

  /** Returns the counts by value id, sorted by id. */
  toObject(): Record<string, number> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
