/** What the parts of the page share: the data, what is shown, and how they tell each other about changes. */
import { type Polygon, pointsWithin } from '../../maps/viewer/lasso.js';
import type { Colouring } from './colouring.js';
import { Filters } from './filters.js';
import type { MapData } from './map-data.js';
import { Records } from './records.js';

export type TabName = 'filter' | 'search' | 'answers' | 'identify' | 'compare';

/** A place with lines to answers: an answer and its neighbours, or where a text would be. */
export interface Spot {
  x: number;
  y: number;
  rows: readonly number[];
}

interface Events {
  /** The filters or their counts have changed. */
  filters: undefined;
  colouring: undefined;
  /** Colours by an entry of their list are wanted, and only what is in a range. */
  colour: { name: string; range?: readonly [number, number] | undefined };
  spot: Spot | undefined;
  /** A row was chosen, -1 for none. */
  row: number;
  tab: TabName;
  /** All answers to the question of a row are wanted. */
  question: number;
  /** A search for words is wanted. */
  search: string;
}

export class Explorer {
  readonly filters: Filters;
  readonly records = new Records();
  colouring: Colouring;
  /** Category of the colours to show alone, for a moment. */
  focus: number | undefined;
  polygon: Polygon = [];
  search = '';
  readonly #listeners = new Map<keyof Events, ((value: never) => void)[]>();

  constructor(readonly data: MapData) {
    this.filters = new Filters(data);
    const model = data.columns.findIndex(({ name }) => name === 'model');
    this.colouring = { kind: 'category', column: Math.max(0, model) };
  }

  on<E extends keyof Events>(event: E, listener: (value: Events[E]) => void): void {
    const listeners = this.#listeners.get(event) ?? [];
    listeners.push(listener);
    this.#listeners.set(event, listeners);
  }

  tell<E extends keyof Events>(event: E, value: Events[E]): void {
    for (const listener of this.#listeners.get(event) ?? []) (listener as (value: Events[E]) => void)(value);
  }

  filtersChanged(): void {
    this.filters.apply();
    this.tell('filters', undefined);
  }

  /** A number that is not one of the data can be filtered as long as it decides the colours. */
  setColouring(colouring: Colouring, range?: readonly [number, number]): void {
    const { filters } = this;
    const number =
      colouring.kind === 'number' && !this.data.numberOf.includes(colouring.valueOf) ? colouring : undefined;
    const isOther = number !== undefined || filters.bins[filters.colour] !== undefined;
    this.colouring = colouring;
    this.focus = undefined;
    if (isOther) {
      filters.setColour(number);
      if (number) filters.ranges[filters.colour] = range;
      filters.apply();
    }
    this.tell('colouring', undefined);
    if (isOther) this.tell('filters', undefined);
  }

  setFocus(category: number | undefined): void {
    this.focus = category;
    this.tell('colouring', undefined);
  }

  /** Restricts what is shown to the points within a polygon; an empty one ends that. */
  select(polygon: Polygon): void {
    this.polygon = polygon;
    const rows = polygon.length >= 6 ? pointsWithin(this.data.coordinates, polygon) : undefined;
    this.filters.setRows('selection', rows);
    this.filtersChanged();
  }

  clear(): void {
    this.filters.clear();
    this.polygon = [];
    this.search = '';
    this.tell('spot', undefined);
    this.filtersChanged();
  }

  valueIdOf(row: number): string {
    return this.data.columns[0]!.values[this.data.rowValueIds[row]!]!;
  }

  placeOf(row: number): { x: number; y: number } {
    return { x: this.data.coordinates[2 * row]!, y: this.data.coordinates[2 * row + 1]! };
  }

  /** Where a text with these neighbours would be: their mean, in which near ones count more. */
  placeAmong(neighbours: readonly { row: number; distance: number }[]): Spot | undefined {
    const onMap = neighbours.filter(({ row }) => row < this.data.rows);
    if (onMap.length === 0) return undefined;
    let [x, y, total] = [0, 0, 0];
    for (const { row, distance } of onMap) {
      const weight = 1 / (distance + 1e-3);
      const place = this.placeOf(row);
      x += weight * place.x;
      y += weight * place.y;
      total += weight;
    }
    return { x: x / total, y: y / total, rows: onMap.map(({ row }) => row) };
  }
}
