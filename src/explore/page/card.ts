/** The card beside a point: value id, question, answer, and what can be done with it. */
import { make } from '../../maps/viewer/make.js';
import type { MapView } from '../../maps/viewer/map-view.js';
import type { NeighbourRow } from '../api-types.js';
import { textElement } from './answer-item.js';
import { getJson } from './api.js';
import { distanceName } from './colour-by.js';
import type { Explorer } from './explorer.js';

/** Distance between point and card, and between card and border, in pixels. */
const GAP = 14;
const NEIGHBOURS = 20;

export class Card {
  readonly element = make('div', { className: 'tooltip', hidden: true });
  readonly marker = make('div', { className: 'marker', hidden: true });
  readonly #name = make('strong');
  readonly #details = make('span', { className: 'details' });
  readonly #texts = make('div');
  readonly #actions = make('div', { className: 'actions', hidden: true });
  row = -1;

  constructor(
    private readonly explorer: Explorer,
    private readonly view: MapView,
  ) {
    this.element.append(make('header', {}, [this.#name, this.#details]), this.#texts, this.#actions);
    this.element.setAttribute('role', 'status');
    this.#addAction('Neighbours', () => this.#showNeighbours());
    this.#addAction('All answers to this question', () => explorer.tell('question', this.row));
    this.#addAction('Colour by distance', () => explorer.tell('colour', { name: distanceName(this.row) }));
    this.#addAction('Close', () => this.release());
  }

  /** True if the card stays at its point until it is released, so that its texts can be selected. */
  get pinned(): boolean {
    return this.element.classList.contains('pinned');
  }

  pin(row: number): void {
    this.release();
    void this.show(row);
    if (row < 0) return;
    this.element.classList.add('pinned');
    this.#actions.hidden = false;
    this.place();
  }

  release(): void {
    this.element.classList.remove('pinned');
    this.#actions.hidden = true;
    void this.show(-1);
  }

  async show(row: number): Promise<void> {
    if (row === this.row) return;
    this.row = row;
    this.element.hidden = this.marker.hidden = row < 0;
    if (row < 0) return;
    const { explorer } = this;
    const { columns, rowValueIds } = explorer.data;
    const id = rowValueIds[row]!;
    const others = columns.filter(({ name }) => !['value-id', 'model', 'lang'].includes(name));
    this.#name.textContent = explorer.valueIdOf(row);
    this.#details.textContent = [...others.map(({ values, codes }) => values[codes[id]!]), ...this.#coloured(row)]
      .filter(Boolean)
      .join(' · ');
    this.#texts.replaceChildren(make('p', { textContent: '…' }));
    this.place();
    const [record] = await explorer.records.read([row]);
    if (row !== this.row || !record) return; // the pointer has moved on
    this.#texts.replaceChildren(
      textElement('p', 'question', record.question),
      textElement('p', 'answer', record.isCut ? `${record.answer} …` : record.answer),
    );
    this.place(); // its size depends on its texts
  }

  /** Places card and marker beside the point. */
  place(): void {
    if (this.row < 0) return;
    const { x, y } = this.view.pixelOf(this.row);
    const { width, height } = this.view.camera;
    this.marker.style.translate = `${x}px ${y}px`;
    const { offsetWidth, offsetHeight } = this.element;
    const left = x + GAP + offsetWidth + GAP > width ? Math.max(GAP, x - GAP - offsetWidth) : x + GAP;
    const top = Math.max(GAP, Math.min(y + GAP, height - offsetHeight - GAP));
    this.element.style.translate = `${left}px ${top}px`;
  }

  /** The number that decides the colour of the point. */
  #coloured(row: number): string[] {
    const { colouring } = this.explorer;
    if (colouring.kind !== 'number') return [];
    const value = colouring.valueOf(row);
    return Number.isNaN(value) ? [] : [`${colouring.label}: ${Math.round(value * 1000) / 1000}`];
  }

  #addAction(text: string, action: () => void | Promise<void>): void {
    const button = make('button', { type: 'button', className: 'link', textContent: text });
    button.addEventListener('click', () => void action());
    this.#actions.append(button);
  }

  async #showNeighbours(): Promise<void> {
    const { row, explorer } = this;
    const parameters = { row, k: NEIGHBOURS };
    const { neighbours } = await getJson<{ neighbours: NeighbourRow[] }>('/v1/explore/neighbours', parameters);
    explorer.tell('spot', { ...explorer.placeOf(row), rows: neighbours.map((neighbour) => neighbour.row) });
  }
}
