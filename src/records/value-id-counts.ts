import { type QaRecord, valueId } from '../records/record.js';

/** Counts the rows of each value id. */
export class ValueIdCounts {
  readonly #counts = new Map<string, number>();

  add(record: QaRecord): void {
    const id = valueId(record);
    this.#counts.set(id, (this.#counts.get(id) ?? 0) + 1);
  }

  /** The counts by id, in the order of the ids. */
  toObject(): Record<string, number> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
