/** An answer in a list: value id, question and answer as text, whatever they contain. */
import { make } from '../../maps/viewer/make.js';
import type { ExploreRecord } from '../api-types.js';
import type { Explorer } from './explorer.js';

export interface AnswerItemOptions {
  /** Shown beside the value id, for example a distance. */
  note?: string;
  /** Words to mark. */
  marked?: readonly string[];
  withQuestion?: boolean;
}

/** Makes a list item. A click chooses the answer on the map. */
export function answerItem(
  explorer: Explorer,
  record: ExploreRecord,
  { note = '', marked = [], withQuestion = true }: AnswerItemOptions = {},
): HTMLLIElement {
  const title = make('button', { type: 'button', className: 'choose', title: 'Show on the map' }, [
    make('strong', { textContent: `${record.model} · ${record.lang}` }),
    make('span', { className: 'details', textContent: note }),
  ]);
  title.addEventListener('click', () => explorer.tell('row', record.row));
  const answer = textElement('p', 'answer', record.answer, marked);
  const item = make('li', { className: 'item' }, [title]);
  if (withQuestion) item.append(textElement('p', 'question', record.question, marked));
  item.append(answer);
  if (record.isCut) {
    const more = make('button', { type: 'button', className: 'link', textContent: 'whole text' });
    more.addEventListener('click', () => {
      void explorer.records.readWhole(record.row).then((whole) => {
        answer.replaceWith(textElement('p', 'answer', whole.answer, marked));
        more.remove();
      });
    });
    item.append(more);
  }
  return item;
}

/** Makes an element whose text keeps its own direction, with some words marked. */
export function textElement(
  tag: 'p' | 'span',
  className: string,
  text: string,
  marked: readonly string[] = [],
): HTMLElement {
  const element = make(tag, { className, dir: 'auto' });
  let rest = 0;
  for (const [begin, end] of placesOf(text, marked)) {
    element.append(text.slice(rest, begin), make('mark', { textContent: text.slice(begin, end) }));
    rest = end;
  }
  element.append(text.slice(rest));
  return element;
}

const MOST_MARKS = 50;

function placesOf(text: string, words: readonly string[]): [number, number][] {
  const patterns = words.filter(Boolean).map(escape);
  if (patterns.length === 0) return [];
  const places: [number, number][] = [];
  for (const match of text.matchAll(new RegExp(patterns.join('|'), 'giu'))) {
    if (places.length === MOST_MARKS) break;
    places.push([match.index, match.index + match[0].length]);
  }
  return places;
}

function escape(word: string): string {
  return word.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
