/** Tabs with the keys that people expect of them: arrows, Home and End. */
import { make } from '../../maps/viewer/make.js';

export interface Tab<N extends string> {
  name: N;
  title: string;
  content: HTMLElement;
}

export class Tabs<N extends string> {
  readonly element = make('div', { className: 'tabs' });
  readonly #list = make('div', { className: 'tab-list' });
  readonly #buttons: HTMLButtonElement[];

  constructor(
    private readonly tabs: readonly Tab<N>[],
    private readonly onOpen: (name: N) => void,
  ) {
    this.#list.setAttribute('role', 'tablist');
    this.#buttons = tabs.map(({ name, title, content }) => {
      const button = make('button', { type: 'button', id: `tab-${name}`, textContent: title });
      button.setAttribute('role', 'tab');
      button.setAttribute('aria-controls', `panel-${name}`);
      button.addEventListener('click', () => this.open(name));
      content.id = `panel-${name}`;
      content.classList.add('tab-panel');
      content.setAttribute('role', 'tabpanel');
      content.setAttribute('aria-labelledby', button.id);
      return button;
    });
    this.#list.append(...this.#buttons);
    this.#list.addEventListener('keydown', (event) => this.#press(event));
    this.element.append(this.#list, ...tabs.map(({ content }) => content));
    this.open(tabs[0]!.name);
  }

  open(name: N): void {
    this.tabs.forEach((tab, i) => {
      const isOpen = tab.name === name;
      tab.content.hidden = !isOpen;
      this.#buttons[i]!.setAttribute('aria-selected', String(isOpen));
      this.#buttons[i]!.tabIndex = isOpen ? 0 : -1;
    });
    this.onOpen(name);
  }

  #press(event: KeyboardEvent): void {
    const count = this.tabs.length;
    const at = this.#buttons.findIndex((button) => button.tabIndex === 0);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1 + count, Home: 0, End: count - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    this.open(this.tabs[next % count]!.name);
    this.#buttons[next % count]!.focus();
  }
}
