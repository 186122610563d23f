import { make } from '../../maps/viewer/make.js';
import type { Colouring } from './colouring.js';
import type { Explorer } from './explorer.js';
import { categoryChart, labelOf, numberChart } from './facets.js';

/** The tab of the filters: what decides the colours, then a chart of every property. */
export function filterTab(explorer: Explorer): HTMLElement {
  const { columns, numbers } = explorer.data;
  const colourBy = make('select', { id: 'colour-by' });
  columns.forEach(({ name }) => colourBy.append(make('option', { value: name, textContent: labelOf(name) })));
  numbers.forEach(({ name }, i) => {
    colourBy.append(make('option', { value: `#${i}`, textContent: `${labelOf(name)} (number)` }));
  });
  const other = make('option', { value: '', hidden: true });
  colourBy.append(other);
  colourBy.addEventListener('change', () => explorer.setColouring(colouringOf(explorer, colourBy.value)));
  const scale = make('div', { className: 'scale', hidden: true }, [
    make('span'),
    make('span', { className: 'ramp' }),
    make('span'),
  ]);
  const refresh = (): void => {
    const { colouring } = explorer;
    scale.hidden = colouring.kind !== 'number';
    if (colouring.kind === 'category') colourBy.value = columns[colouring.column]!.name;
    else if (colouring.kind === 'sides') {
      other.textContent = 'the sides that are compared';
      colourBy.value = '';
    } else {
      const number = numbers.findIndex(({ name }) => name === colouring.label);
      other.textContent = colouring.label;
      colourBy.value = number < 0 ? '' : `#${number}`;
      scale.firstChild!.textContent = String(Math.round(Math.abs(colouring.least) * 100) / 100);
      scale.lastChild!.textContent = String(Math.round(Math.abs(colouring.most) * 100) / 100);
    }
  };
  explorer.on('colouring', refresh);
  refresh();
  return make('div', {}, [
    make('label', { className: 'field', textContent: 'Colour by ' }, [colourBy]),
    scale,
    ...columns
      .map((column, i) => ({ column, i }))
      .sort((a, b) => orderOf(a.i) - orderOf(b.i))
      .map(({ column, i }) => categoryChart(explorer, column, i)),
    ...numbers.map((_, i) => numberChart(explorer, i)),
  ]);
}

/** The value ids, which are many, come after models and languages. */
function orderOf(column: number): number {
  return column === 0 ? 2.5 : column;
}

/** Returns the colouring that an entry of the list names; the first column for an unknown name. */
export function colouringOf(explorer: Explorer, name: string): Colouring {
  const { columns, numbers, numberOf } = explorer.data;
  const number = name.startsWith('#') ? Number(name.slice(1)) : -1;
  if (numbers[number]) {
    const { least, most } = explorer.filters.bins[number]!;
    return { kind: 'number', label: numbers[number].name, valueOf: numberOf[number]!, least, most };
  }
  return {
    kind: 'category',
    column: Math.max(
      0,
      columns.findIndex((column) => column.name === name),
    ),
  };
}
