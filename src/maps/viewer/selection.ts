/**
 * Visibility of value ids: categories switched in the legend, words of the search box, and the category under the
 * pointer.
 */
import { categoricalColours } from '../palette.js';
import { columnOf, type MapColumn, VALUE_ID_COLUMN } from '../value-map.js';
import type { PageData } from './page-data.js';

export class Selection {
  column!: MapColumn;
  colours: string[] = [];
  /** Category under the pointer in the legend. */
  focus: number | undefined;
  /** Hidden categories. */
  readonly #off = new Set<number>();
  #words: string[] = [];
  /** Searchable text of each value id, in lower case. */
  readonly #haystacks: string[];
  readonly #counts: Uint32Array;
  /** For every point, whether the lasso and the search in texts leave it; undefined for all. */
  #points: Uint8Array | undefined;

  constructor(private readonly data: PageData) {
    const ids = columnOf(data, VALUE_ID_COLUMN)!.values;
    this.#haystacks = ids.map((_, id) =>
      data.columns
        .map(({ values, codes }) => values[codes[id]!]!)
        .join('\n')
        .toLowerCase(),
    );
    this.#counts = new Uint32Array(ids.length);
    this.restrictTo(undefined);
    this.colourBy(data.color);
  }

  colourBy(name: string): void {
    this.column = columnOf(this.data, name) ?? this.data.columns[0]!;
    this.colours = categoricalColours(this.column.values.length);
    this.#off.clear();
    this.focus = undefined;
  }

  search(text: string): void {
    this.#words = text.toLowerCase().split(/\s+/).filter(Boolean);
  }

  /** Shows only points whose byte is 1; undefined for all. */
  restrictTo(points: Uint8Array | undefined): void {
    this.#points = points;
    this.#counts.fill(0);
    this.data.valueIds.forEach((id, point) => {
      if (points?.[point] !== 0) this.#counts[id]!++;
    });
  }

  /** If all categories are shown, shows only this one; otherwise toggles it. Hiding the last one shows all again. */
  toggle(category: number): void {
    const all = this.column.values.map((_, i) => i);
    if (this.#off.size === 0) {
      for (const other of all) if (other !== category) this.#off.add(other);
    } else if (!this.#off.delete(category)) {
      this.#off.add(category);
    }
    if (this.#off.size === all.length) this.#off.clear();
  }

  showAll(): void {
    this.#off.clear();
    this.#words = [];
    this.restrictTo(undefined);
  }

  isOn(category: number): boolean {
    return !this.#off.has(category);
  }

  isPointShown(point: number): boolean {
    return this.#points?.[point] !== 0 && this.isShown(this.data.valueIds[point]!);
  }

  isShown(valueId: number): boolean {
    return this.isOn(this.column.codes[valueId]!) && this.isFound(valueId);
  }

  isFound(valueId: number): boolean {
    return this.#words.every((word) => this.#haystacks[valueId]!.includes(word));
  }

  /** Returns the number of points that the search finds, by category. */
  counts(): number[] {
    const counts = this.column.values.map(() => 0);
    this.#counts.forEach((count, id) => {
      if (this.isFound(id)) counts[this.column.codes[id]!]! += count;
    });
    return counts;
  }

  /** Returns the number of shown points. */
  shown(): number {
    return this.#counts.reduce((sum, count, id) => sum + (this.isShown(id) ? count : 0), 0);
  }
}
