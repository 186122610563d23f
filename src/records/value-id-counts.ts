import type { RowLabels } from '../core/row-labels.js';
import { type QaRecord, valueId } from './record.js';

/** Counts the rows of each value id. */
export class ValueIdCounts {
  readonly #counts = new Map<string, number>();

  add(record: QaRecord): void {
    this.#add(valueId(record), 1);
  }

  /** Counts rows by the labels that are their value ids. */
  addRows({ names, labels }: RowLabels): void {
    const rows = new Int32Array(names.length);
    for (const label of labels) rows[label]!++;
    names.forEach((id, label) => this.#add(id, rows[label]!));
  }

  #add(id: string, rows: number): void {
    this.#counts.set(id, (this.#counts.get(id) ?? 0) + rows);
  }

  /** The counts by id, in the order of the ids. */
  toObject(): Record<string, number> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
