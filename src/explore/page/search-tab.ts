/** The tab of the search: by words, in the index of the texts; or by meaning, in the index of the vectors. */
import { make } from '../../maps/viewer/make.js';
import type { Matches, NeighbourRow, TextSearchState } from '../api-types.js';
import { answerItem } from './answer-item.js';
import { getBytes, getJson, postJson } from './api.js';
import type { Explorer } from './explorer.js';
import { formatCount } from './facets.js';

const WAIT_MS = 250;
const POLL_MS = 1000;
const LISTED = 50;
const NEIGHBOURS = 30;

export class SearchTab {
  readonly element = make('div');
  readonly #input = make('input', { type: 'search', placeholder: 'words "a phrase" prefix* -not', spellcheck: false });
  readonly #meaning = make('input', { type: 'checkbox', id: 'by-meaning' });
  readonly #status = make('p', { className: 'status' });
  readonly #list = make('ul', { className: 'items' });
  #timer: ReturnType<typeof setTimeout> | undefined;
  #run = 0;

  constructor(private readonly explorer: Explorer) {
    this.#input.setAttribute('aria-label', 'Search in questions and answers');
    this.#status.setAttribute('role', 'status');
    const form = make('div', { className: 'stack' }, [
      this.#input,
      make('label', { className: 'choice' }, [this.#meaning, new Text(' nearest answers to this text, by meaning')]),
      this.#status,
    ]);
    this.element.append(form, this.#list);
    const later = (): void => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void this.#search(), WAIT_MS);
    };
    this.#input.addEventListener('input', later);
    this.#meaning.addEventListener('change', later);
    explorer.on('filters', () => {
      if (explorer.search === '' && this.#input.value !== '' && !this.#meaning.checked) this.#show('');
    });
    void this.#watchIndex();
  }

  focus(): void {
    this.#input.focus();
  }

  /** Searches for words, as if they had been typed. */
  start(text: string): void {
    this.#input.value = text;
    void this.#search();
  }

  async #search(): Promise<void> {
    const run = ++this.#run;
    const text = this.#input.value.trim();
    const isCurrent = (): boolean => run === this.#run;
    try {
      if (text === '') this.#clear();
      else if (this.#meaning.checked) await this.#searchMeaning(text, isCurrent);
      else await this.#searchWords(text, isCurrent);
    } catch (error) {
      if (isCurrent()) this.#status.textContent = error instanceof Error ? error.message : String(error);
    }
  }

  #clear(): void {
    this.#show('');
    this.#restrict('', undefined);
  }

  #show(text: string): void {
    this.#input.value = text;
    this.#status.textContent = '';
    this.#list.replaceChildren();
  }

  async #searchWords(text: string, isCurrent: () => boolean): Promise<void> {
    const { explorer } = this;
    const [found, bitmap] = await Promise.all([
      getJson<Matches>('/v1/explore/texts/search', { q: text, limit: LISTED }),
      getBytes('/v1/explore/texts/rows', { q: text }),
    ]);
    if (!isCurrent()) return;
    const bits = new Uint8Array(bitmap);
    const rows = new Uint8Array(explorer.data.rows);
    for (let row = 0; row < rows.length; row++) rows[row] = (bits[row >> 3]! >> (row & 7)) & 1;
    this.#restrict(text, rows);
    const order = found.isRanked ? 'best first' : 'the first of too many to rank';
    this.#status.textContent = `${formatCount(found.total)} answers${found.total > 0 ? `, ${order}` : ''}`;
    const records = await explorer.records.read(found.rows);
    if (!isCurrent()) return;
    const marked = text.match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
    this.#list.replaceChildren(...records.map((record) => answerItem(explorer, record, { marked })));
  }

  async #searchMeaning(text: string, isCurrent: () => boolean): Promise<void> {
    const { explorer } = this;
    const body = { texts: [text], k: Math.min(NEIGHBOURS, explorer.data.rows) };
    const answer = await postJson<{ results: { neighbours: NeighbourRow[] }[] }>('/v1/search', body);
    if (!isCurrent()) return;
    this.#restrict('', undefined);
    const neighbours = answer.results[0]!.neighbours.filter(({ row }) => row < explorer.data.rows);
    explorer.tell('spot', explorer.placeAmong(neighbours));
    this.#status.textContent = `${neighbours.length} nearest answers; the cross is where the text would be`;
    const records = await explorer.records.read(neighbours.map(({ row }) => row));
    if (!isCurrent()) return;
    this.#list.replaceChildren(
      ...records.map((record, i) => answerItem(explorer, record, { note: neighbours[i]!.distance.toFixed(3) })),
    );
  }

  #restrict(text: string, rows: Uint8Array | undefined): void {
    const { explorer } = this;
    if (explorer.search === '' && rows === undefined) return;
    explorer.search = text;
    explorer.filters.setRows('search', rows);
    explorer.filtersChanged();
  }

  /** Says how far the index is, until it is ready. */
  async #watchIndex(): Promise<void> {
    const state = await getJson<TextSearchState>('/v1/explore/texts');
    if (state.state === 'building') {
      const percent = state.total > 0 ? Math.floor((100 * state.done) / state.total) : 0;
      this.#status.textContent = `The texts are being indexed: ${percent} %`;
      setTimeout(() => void this.#watchIndex(), POLL_MS);
    } else if (state.state === 'failed') this.#status.textContent = state.message;
    else {
      this.#status.textContent = '';
      if (this.#input.value !== '') void this.#search();
    }
  }
}
