/** Tables that sort by a click on the title of a column, or by the keyboard: titles are buttons. */
import { make } from '../../maps/viewer/make.js';

export interface TableColumn<R> {
  title: string | Node;
  /** What the title means, if it is short. */
  hint?: string;
  /** What rows are sorted by; null comes last. */
  valueOf: (row: R) => number | string | null;
  cell: (row: R) => string | Node;
}

type Direction = 'ascending' | 'descending';

/** @param sorted column that the rows are sorted by at first: numbers largest first, texts by letters */
export function sortableTable<R>(
  caption: string,
  columns: readonly TableColumn<R>[],
  rows: readonly R[],
  sorted: number,
): HTMLTableElement {
  const isNumber = columns.map(({ valueOf }) => rows.some((row) => typeof valueOf(row) === 'number'));
  const body = make('tbody');
  const elements = new Map(
    rows.map((row) => [
      row,
      make(
        'tr',
        {},
        columns.map(({ cell }, i) => {
          const content = cell(row);
          return make('td', { className: isNumber[i] ? 'number' : '' }, [
            typeof content === 'string' ? new Text(content) : content,
          ]);
        }),
      ),
    ]),
  );
  const heads = columns.map(({ title, hint = '' }, i) => {
    const button = make('button', { type: 'button', title: hint }, [
      typeof title === 'string' ? new Text(title) : title,
    ]);
    button.addEventListener('click', () => {
      const first = isNumber[i] ? 'descending' : 'ascending';
      const now = heads[i]!.getAttribute('aria-sort');
      sort(i, now === null ? first : now === 'ascending' ? 'descending' : 'ascending');
    });
    return make('th', { scope: 'col', className: isNumber[i] ? 'number' : '' }, [button]);
  });
  const sort = (position: number, direction: Direction): void => {
    const { valueOf } = columns[position]!;
    const sign = direction === 'ascending' ? 1 : -1;
    const known = rows.filter((row) => valueOf(row) !== null);
    const unknown = rows.filter((row) => valueOf(row) === null);
    known.sort((a, b) => sign * compare(valueOf(a), valueOf(b)));
    body.replaceChildren(...[...known, ...unknown].map((row) => elements.get(row)!));
    heads.forEach((head, i) => {
      if (i === position) head.setAttribute('aria-sort', direction);
      else head.removeAttribute('aria-sort');
    });
  };
  sort(sorted, isNumber[sorted] ? 'descending' : 'ascending');
  return make('table', {}, [
    make('caption', { textContent: caption }),
    make('thead', {}, [make('tr', {}, heads)]),
    body,
  ]);
}

function compare(a: number | string | null, b: number | string | null): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a).localeCompare(String(b));
}
