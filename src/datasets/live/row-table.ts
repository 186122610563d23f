import type { RowLabels } from '../../core/row-labels.js';
import type { FilterableRows } from '../../search/filters/row-filters.js';

const FIRST_CAPACITY = 1024;

/**
 * The value id of every row, and whether the row was removed. Rows are only appended, never deleted.
 */
export class RowTable implements FilterableRows {
  /** Distinct value ids, in the order of their first rows. */
  readonly names: string[] = [];
  readonly #positions = new Map<string, number>();
  #labels = new Int32Array(FIRST_CAPACITY);
  #dead = new Uint8Array(FIRST_CAPACITY);
  #rows = 0;
  readonly #removed: number[] = [];

  /** Number of rows, including removed ones. */
  get rows(): number {
    return this.#rows;
  }

  /** The removed rows in order of removal. */
  get removed(): readonly number[] {
    return this.#removed;
  }

  /** For every row, the position of its value id in `names`. {@link append} can replace the array. */
  get labels(): Int32Array {
    return this.#labels;
  }

  append(valueId: string): void {
    this.appendAll({ names: [valueId], labels: Int32Array.of(0) });
  }

  /** Appends rows whose labels are their value ids. */
  appendAll({ names, labels }: RowLabels): void {
    const positions = names.map((valueId) => this.#positionOf(valueId));
    this.#reserve(this.#rows + labels.length);
    for (const label of labels) this.#labels[this.#rows++] = positions[label]!;
  }

  isAlive(row: number): boolean {
    return row >= 0 && row < this.#rows && this.#dead[row] === 0;
  }

  /** Returns false if the row does not exist or was already removed. */
  remove(row: number): boolean {
    if (!this.isAlive(row)) return false;
    this.#dead[row] = 1;
    this.#removed.push(row);
    return true;
  }

  #positionOf(valueId: string): number {
    let position = this.#positions.get(valueId);
    if (position === undefined) {
      position = this.names.push(valueId) - 1;
      this.#positions.set(valueId, position);
    }
    return position;
  }

  #reserve(rows: number): void {
    if (rows <= this.#labels.length) return;
    const labels = new Int32Array(Math.max(rows, this.#labels.length * 2));
    labels.set(this.#labels);
    const dead = new Uint8Array(labels.length);
    dead.set(this.#dead);
    this.#labels = labels;
    this.#dead = dead;
  }
}
