import { make } from '../../maps/viewer/make.js';
import { colourBy } from './colour-by.js';
import type { Explorer } from './explorer.js';
import { categoryChart, numberChart } from './facets.js';

/** The tab of the filters: what decides the colours, then a chart of every property. */
export function filterTab(explorer: Explorer): HTMLElement {
  const { columns, numbers } = explorer.data;
  return make('div', {}, [
    colourBy(explorer),
    numberChart(explorer, explorer.filters.colour),
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
