/** The filters: charts of every column and number. They count what the others leave, and a click restricts the map. */
import type { MapColumn } from '../../maps/value-map.js';
import { make } from '../../maps/viewer/make.js';
import { coloursOf, SIDE_COLOURS } from './colouring.js';
import type { Explorer } from './explorer.js';
import { BINS, type Bins } from './filters.js';

const LABELS: Readonly<Record<string, string>> = { 'value-id': 'value id', lang: 'language' };

export function labelOf(name: string): string {
  return LABELS[name] ?? name.replaceAll('_', ' ');
}

/** Groups the digits of an integer. A locale would do it, but its first use takes long, and there are many bars. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Bars of one column: a button per category. */
export function categoryChart(explorer: Explorer, column: MapColumn, position: number): HTMLElement {
  const { filters } = explorer;
  const list = make('ul', { className: 'bars' });
  const bars = column.values.map((value, category) => {
    const swatch = make('span', { className: 'swatch' });
    const fill = make('span', { className: 'fill' });
    const count = make('span', { className: 'count' });
    const name = make('span', { className: 'name', textContent: value, dir: 'auto' });
    const button = make('button', { type: 'button', title: value }, [fill, swatch, name, count]);
    button.addEventListener('click', () => {
      filters.categories[position] = toggled(filters.categories[position], category, column.values.length);
      explorer.filtersChanged();
    });
    const isColour = (): boolean => explorer.colouring.kind === 'category' && explorer.colouring.column === position;
    button.addEventListener('pointerenter', () => {
      if (isColour()) explorer.setFocus(category);
    });
    button.addEventListener('pointerleave', () => {
      if (explorer.focus !== undefined) explorer.setFocus(undefined);
    });
    return { button, swatch, fill, count, item: make('li', {}, [button]) };
  });
  // In the order of all answers, so that a filter does not move what one is about to click.
  const all = filters.counts[position]!.slice();
  const bySize = [...bars.keys()].sort((a, b) => all[b]! - all[a]!);
  list.append(...bySize.map((category) => bars[category]!.item));

  const count = (): void => {
    const counts = filters.counts[position]!;
    const most = counts.reduce((best, value) => Math.max(best, value), 1);
    bars.forEach(({ button, fill, count: label, item }, category) => {
      const value = counts[category]!;
      const isChosen = filters.categories[position]?.has(category) ?? true;
      item.hidden = value === 0 && !(filters.categories[position]?.has(category) ?? false);
      button.setAttribute('aria-pressed', String(isChosen));
      fill.style.width = `${(100 * value) / most}%`;
      label.textContent = formatCount(value);
    });
  };
  const colour = (): void => {
    const { colouring } = explorer;
    const isSides = colouring.kind === 'sides' && colouring.column === position;
    const isColour = colouring.kind === 'category' && colouring.column === position;
    const colours = isColour
      ? coloursOf(column)
      : column.values.map((_, category) => (isSides ? SIDE_COLOURS[colouring.sides.indexOf(category)] : undefined));
    bars.forEach(({ swatch }, category) => {
      swatch.hidden = colours[category] === undefined;
      swatch.style.background = colours[category] ?? '';
    });
  };
  explorer.on('filters', count);
  explorer.on('colouring', colour);
  count();
  colour();
  return section(labelOf(column.name), `${column.values.length}`, list, position < 3);
}

/** If all categories are shown, shows only this one; otherwise toggles it. Hiding the last one shows all again. */
function toggled(
  chosen: ReadonlySet<number> | undefined,
  category: number,
  categories: number,
): ReadonlySet<number> | undefined {
  if (!chosen) return new Set([category]);
  const next = new Set(chosen);
  if (!next.delete(category)) next.add(category);
  return next.size === 0 || next.size === categories ? undefined : next;
}

/**
 * Histogram of one number, with its range as two fields. That of the number that only decides the colours is hidden as
 * long as there is none.
 */
export function numberChart(explorer: Explorer, position: number): HTMLElement {
  const { filters, data } = explorer;
  const isColour = position === filters.colour;
  const nameNow = (): string => {
    if (!isColour) return labelOf(data.numbers[position]!.name);
    return explorer.colouring.kind === 'number' ? explorer.colouring.label : '';
  };
  const plot = make('div', { className: 'histogram' });
  const columns = Array.from({ length: BINS }, () => make('span'));
  plot.append(...columns);
  plot.setAttribute('role', 'img');
  const [from, to] = [0, 1].map(() => make('input', { type: 'number', step: 'any' })) as [
    HTMLInputElement,
    HTMLInputElement,
  ];
  const setRange = (least: number, most: number): void => {
    const bins = filters.bins[position]!;
    filters.ranges[position] = least <= bins.least && most >= bins.most ? undefined : [least, most];
    explorer.filtersChanged();
  };
  for (const input of [from, to])
    input.addEventListener('change', () => {
      const bins = filters.bins[position]!;
      // The fields show rounded bounds, which can be within the unrounded ones.
      const valueOf = ({ value }: HTMLInputElement, bound: number): number =>
        value === '' || value === shown(bound, bins) ? bound : Number(value);
      setRange(valueOf(from, bins.least), valueOf(to, bins.most));
    });
  const valueAt = (share: number): number => {
    const { least, most } = filters.bins[position]!;
    return least + share * (most - least);
  };
  let start: number | undefined;
  const shareAt = ({ clientX }: PointerEvent): number => {
    const { left, width } = plot.getBoundingClientRect();
    return Math.max(0, Math.min(1, (clientX - left) / width));
  };
  plot.addEventListener('pointerdown', (event) => {
    start = shareAt(event);
    plot.setPointerCapture(event.pointerId);
  });
  plot.addEventListener('pointerup', (event) => {
    if (start === undefined) return;
    const end = shareAt(event);
    const [low, high] = start < end ? [start, end] : [end, start];
    start = undefined;
    if (high - low < 0.01) setRange(-Infinity, Infinity);
    else setRange(valueAt(low), valueAt(high));
  });
  const title = new Text();
  const chart = section(title, '', make('div', {}, [plot, make('div', { className: 'range' }, [from, to])]), true);
  const refresh = (): void => {
    const bins = filters.bins[position];
    chart.hidden = bins === undefined;
    if (!bins) return;
    const name = nameNow();
    title.data = name;
    plot.setAttribute('aria-label', `Histogram of ${name}`);
    from.setAttribute('aria-label', `Least ${name}`);
    to.setAttribute('aria-label', `Most ${name}`);
    const most = bins.counts.reduce((best, count) => Math.max(best, count), 1);
    const range = filters.ranges[position];
    columns.forEach((column, bin) => {
      column.style.height = `${(100 * bins.counts[bin]!) / most}%`;
      const [low, high] = [valueAt(bin / BINS), valueAt((bin + 1) / BINS)];
      column.classList.toggle('out', range !== undefined && (high < range[0] || low > range[1]));
    });
    const [low, high] = range ?? [bins.least, bins.most];
    from.value = shown(low, bins);
    to.value = shown(high, bins);
  };
  explorer.on('filters', refresh);
  refresh();
  return chart;
}

/** A bound of a range, as precise as a thousandth of what the histogram covers. */
function shown(bound: number, { least, most }: Bins): string {
  const digits = Math.max(0, Math.min(9, 3 - Math.floor(Math.log10(most - least || 1))));
  return String(Number(bound.toFixed(digits)));
}

function section(title: string | Text, note: string, content: HTMLElement, isOpen: boolean): HTMLElement {
  const name = typeof title === 'string' ? new Text(title) : title;
  const count = make('span', { className: 'count', textContent: note });
  const summary = make('summary', {}, [name, new Text(' '), count]);
  return make('details', { className: 'facet', open: isOpen }, [summary, content]);
}
