/** The card beside a point: value id, question, answer. */
import { columnOf, VALUE_ID_COLUMN } from '../value-map.js';
import { make } from './make.js';
import type { PageData, PageTexts } from './page-data.js';
import type { Selection } from './selection.js';

/** Distance between point and card, and between card and border, in pixels. */
const GAP = 14;

export class Tooltip {
  readonly element = make('div', { className: 'tooltip', hidden: true });
  readonly marker = make('div', { className: 'marker', hidden: true });
  readonly #swatch = make('span', { className: 'swatch' });
  readonly #name = make('strong');
  readonly #details = make('span', { className: 'details' });
  readonly #question = make('p', { className: 'question' });
  readonly #answer = make('p', { className: 'answer' });
  point = -1;

  constructor(
    private readonly data: PageData,
    private readonly selection: Selection,
    private readonly texts: PageTexts,
  ) {
    this.element.append(make('header', {}, [this.#swatch, this.#name, this.#details]), this.#question, this.#answer);
  }

  /** True if the card stays at its point until it is released, so that its texts can be selected. */
  get pinned(): boolean {
    return this.element.classList.contains('pinned');
  }

  set pinned(on: boolean) {
    this.element.classList.toggle('pinned', on);
  }

  async show(point: number): Promise<void> {
    if (point === this.point) return;
    this.point = point;
    this.element.hidden = this.marker.hidden = point < 0;
    if (point < 0) return;
    const { data, selection } = this;
    const id = data.valueIds[point]!;
    const colour = selection.colours[selection.column.codes[id]!]!;
    this.#swatch.style.background = this.marker.style.background = colour;
    this.#name.textContent = columnOf(data, VALUE_ID_COLUMN)!.values[id]!;
    const others = data.columns.filter(({ name }) => ![VALUE_ID_COLUMN, 'model', 'lang'].includes(name));
    this.#details.textContent = others.map(({ values, codes }) => values[codes[id]!]).join(' · ');
    this.#question.textContent = this.#answer.textContent = '…';
    const [question, answer] = await Promise.all([
      this.texts.text('questions', data.questions[point]!),
      this.texts.text('answers', point),
    ]);
    if (point !== this.point) return; // the pointer has moved on
    this.#question.textContent = question;
    this.#answer.textContent = answer;
  }

  /** Places card and marker beside a pixel of an area of this size. */
  place(x: number, y: number, width: number, height: number): void {
    this.marker.style.translate = `${x}px ${y}px`;
    const { offsetWidth, offsetHeight } = this.element;
    const left = x + GAP + offsetWidth + GAP > width ? Math.max(GAP, x - GAP - offsetWidth) : x + GAP;
    const top = Math.max(GAP, Math.min(y + GAP, height - offsetHeight - GAP));
    this.element.style.translate = `${left}px ${top}px`;
  }
}
