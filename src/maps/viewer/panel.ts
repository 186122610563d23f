/** The panel beside the map: title, colouring, search, legend. */
import { make } from './make.js';
import type { PageData } from './page-data.js';
import type { Selection } from './selection.js';

const COLUMN_LABELS: Readonly<Record<string, string>> = { 'value-id': 'value id', lang: 'language' };

export interface PanelActions {
  /** Searches for words in the texts; an empty text ends the search. */
  searchTexts: (text: string) => void;
  /** Shows all points again. */
  showAll: () => void;
  /** Saves the shown answers. */
  save: (format: 'jsonl' | 'csv') => void;
}

export class Panel {
  readonly element = make('aside', { className: 'panel' });
  readonly #status = make('p', { className: 'status' });
  readonly #list = make('ul', { className: 'legend' });
  readonly #search = make('input', {
    type: 'search',
    placeholder: 'Filter: gpt fra',
    spellcheck: false,
    autocomplete: 'off',
  });
  readonly #showAll = make('button', { type: 'button', className: 'link', textContent: 'show all' });
  #items: HTMLButtonElement[] = [];

  constructor(
    private readonly data: PageData,
    private readonly selection: Selection,
    private readonly onChange: () => void,
    actions: PanelActions,
  ) {
    const colourBy = make('select', { id: 'colour-by' });
    for (const { name } of data.columns) {
      colourBy.append(
        make('option', {
          value: name,
          textContent: COLUMN_LABELS[name] ?? name.replaceAll('_', ' '),
          selected: name === selection.column.name,
        }),
      );
    }
    colourBy.addEventListener('change', () => {
      selection.colourBy(colourBy.value);
      this.#buildLegend();
      this.#changed();
    });
    this.#search.setAttribute('aria-label', 'Filter by words of model, language and the other columns');
    this.#search.addEventListener('input', () => {
      selection.search(this.#search.value);
      this.#changed();
    });
    const texts = make('input', { type: 'search', placeholder: 'Words in the texts', autocomplete: 'off' });
    texts.setAttribute('aria-label', 'Show answers whose question or answer has all of these words');
    texts.addEventListener('change', () => actions.searchTexts(texts.value));
    const saves = (['jsonl', 'csv'] as const).map((format) => {
      const save = make('button', { type: 'button', className: 'link', textContent: `save ${format.toUpperCase()}` });
      save.addEventListener('click', () => actions.save(format));
      return save;
    });
    this.#showAll.addEventListener('click', () => {
      this.#search.value = texts.value = '';
      selection.showAll();
      actions.showAll();
      this.#changed();
    });
    this.element.append(
      make('h1', { textContent: data.title }),
      make('p', { className: 'subtitle', textContent: data.subtitle }),
      make('label', { className: 'field', textContent: 'Colour by ' }, [colourBy]),
      this.#search,
      texts,
      make('div', { className: 'bar' }, [this.#status, this.#showAll, ...saves]),
      this.#list,
    );
    this.#buildLegend();
    this.refresh();
  }

  #buildLegend(): void {
    const { selection } = this;
    this.#items = selection.column.values.map((value, category) => {
      const swatch = make('span', { className: 'swatch' });
      swatch.style.background = selection.colours[category]!;
      const item = make('button', { type: 'button', title: value }, [
        swatch,
        make('span', { className: 'name', textContent: value }),
        make('span', { className: 'count' }),
      ]);
      item.addEventListener('click', () => {
        selection.toggle(category);
        this.#changed();
      });
      const focus = (on: boolean): void => {
        selection.focus = on ? category : undefined;
        this.onChange();
      };
      item.addEventListener('pointerenter', () => focus(true));
      item.addEventListener('pointerleave', () => focus(false));
      return item;
    });
    this.#list.replaceChildren(...this.#items.map((item) => make('li', {}, [item])));
  }

  #changed(): void {
    this.refresh();
    this.onChange();
  }

  refresh(): void {
    const counts = this.selection.counts();
    this.#items.forEach((item, category) => {
      const count = counts[category]!;
      item.parentElement!.hidden = count === 0;
      item.setAttribute('aria-pressed', String(this.selection.isOn(category)));
      item.lastElementChild!.textContent = count.toLocaleString('en-US');
    });
    const shown = this.selection.shown();
    const count = (value: number): string => value.toLocaleString('en-US');
    this.#status.textContent = `${count(shown)} of ${count(this.data.points)} answers shown`;
    this.#showAll.hidden = shown === this.data.points;
  }
}
