/** The tab of the answers: a table of those that are shown, or the answers to one question side by side. */
import { download } from '../../maps/viewer/download.js';
import { make } from '../../maps/viewer/make.js';
import { answerItem, textElement } from './answer-item.js';
import { getJson, post } from './api.js';
import type { Explorer } from './explorer.js';
import { formatCount } from './facets.js';

const ROWS_PER_PAGE = 50;
const MOST_SIDE_BY_SIDE = 200;

export class AnswersTab {
  readonly element = make('div');
  readonly #status = make('p', { className: 'status' });
  readonly #list = make('ul', { className: 'items' });
  readonly #pages: HTMLButtonElement[];
  /** From the answers to a question to those that are shown. */
  readonly #back: HTMLButtonElement;
  #page = 0;
  #isOpen = false;
  #isStale = true;
  #run = 0;

  constructor(private readonly explorer: Explorer) {
    const button = (text: string, action: () => void): HTMLButtonElement => {
      const element = make('button', { type: 'button', textContent: text });
      element.addEventListener('click', action);
      return element;
    };
    this.#pages = [button('‹ previous', () => this.#turn(-1)), button('next ›', () => this.#turn(1))];
    this.#back = button('Back to the answers shown', () => void this.#refresh());
    this.#back.hidden = true;
    const exports = (['jsonl', 'csv'] as const).map((format) =>
      button(format.toUpperCase(), () => void this.#export(format)),
    );
    this.element.append(
      make('div', { className: 'stack' }, [
        this.#status,
        this.#back,
        make('div', { className: 'buttons' }, [...this.#pages, make('span', { textContent: 'Export:' }), ...exports]),
      ]),
      this.#list,
    );
    explorer.on('filters', () => {
      this.#page = 0;
      this.#isStale = true;
      if (this.#isOpen) void this.#refresh();
    });
    explorer.on('question', (row) => void this.#showQuestion(row));
  }

  set isOpen(isOpen: boolean) {
    this.#isOpen = isOpen;
    if (isOpen && this.#isStale) void this.#refresh();
  }

  #turn(pages: number): void {
    this.#page += pages;
    void this.#refresh();
  }

  async #refresh(): Promise<void> {
    const run = ++this.#run;
    const { filters, records } = this.explorer;
    const rows = shownRows(filters.shown, this.#page * ROWS_PER_PAGE, ROWS_PER_PAGE);
    const first = this.#page * ROWS_PER_PAGE;
    const last = first + rows.length;
    this.#isStale = false;
    this.#back.hidden = true;
    this.#status.textContent =
      rows.length === 0 ? 'No answers' : `${first + 1} to ${last} of ${formatCount(filters.count)} answers`;
    this.#pages[0]!.disabled = this.#page === 0;
    this.#pages[1]!.disabled = last >= filters.count;
    const read = await records.read(rows);
    if (run === this.#run) this.#list.replaceChildren(...read.map((record) => answerItem(this.explorer, record)));
  }

  async #showQuestion(row: number): Promise<void> {
    const { explorer } = this;
    explorer.tell('tab', 'answers'); // refreshes the table, so it comes before the number of this run
    const run = ++this.#run;
    this.#isStale = true;
    const { rows } = await getJson<{ rows: number[] }>('/v1/explore/question', { row });
    const shown = rows.slice(0, MOST_SIDE_BY_SIDE);
    const records = await explorer.records.read(shown);
    if (run !== this.#run) return;
    const own = records.find((record) => record.row === row) ?? records[0]!;
    const others = rows.length > shown.length ? `, the first ${shown.length} of them` : '';
    this.#status.textContent = `${formatCount(rows.length)} answers to one question${others}`;
    for (const page of this.#pages) page.disabled = true;
    this.#back.hidden = false;
    records.sort((a, b) => (a.model < b.model ? -1 : a.model > b.model ? 1 : a.lang < b.lang ? -1 : 1));
    this.#list.replaceChildren(
      make('li', { className: 'item asked' }, [textElement('p', 'question', own.question)]),
      ...records.map((record) => answerItem(explorer, record, { withQuestion: record.question !== own.question })),
    );
    explorer.tell('spot', { ...explorer.placeOf(row), rows: shown.filter((other) => other !== row) });
  }

  async #export(format: 'jsonl' | 'csv'): Promise<void> {
    const { shown } = this.explorer.filters;
    const bitmap = new Uint8Array(Math.ceil(shown.length / 8));
    for (let row = 0; row < shown.length; row++) bitmap[row >> 3]! |= shown[row]! << (row & 7);
    try {
      const response = await post('/v1/explore/export', { rows: toBase64(bitmap), format });
      download(`selection.${format}`, await response.blob());
    } catch (error) {
      this.#status.textContent = error instanceof Error ? error.message : String(error);
    }
  }
}

/** Numbers of shown rows, from the one at a position among them. */
function shownRows(shown: Uint8Array, begin: number, count: number): number[] {
  const rows: number[] = [];
  let position = 0;
  for (let row = 0; row < shown.length && rows.length < count; row++) {
    if (!shown[row]) continue;
    if (position++ >= begin) rows.push(row);
  }
  return rows;
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let begin = 0; begin < bytes.length; begin += 8192)
    text += String.fromCharCode(...bytes.subarray(begin, begin + 8192));
  return btoa(text);
}
