/** The filters: charts of every column and number. They count what the others leave, and a click restricts the map. */
import type { MapColumn } from '../../maps/value-map.js';
import { make } from '../../maps/viewer/make.js';
import { coloursOf, SIDE_COLOURS } from './colouring.js';
import type { Explorer } from './explorer.js';
import { BINS } from './filters.js';

const LABELS: Readonly<Record<string, string>> = { 'value-id': 'value id', lang: 'language' };

export function labelOf(name: string): string {
  return LABELS[name] ?? name.replaceAll('_', ' ');
}

export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
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

/** Histogram of one number, with its range as two fields. */
export function numberChart(explorer: Explorer, position: number): HTMLElement {
  const { filters, data } = explorer;
  const { name } = data.numbers[position]!;
  const bins = filters.bins[position]!;
  const plot = make('div', { className: 'histogram' });
  const columns = Array.from({ length: BINS }, () => make('span'));
  plot.append(...columns);
  plot.setAttribute('role', 'img');
  plot.setAttribute('aria-label', `Histogram of ${labelOf(name)}`);
  const field = (label: string): HTMLInputElement => {
    const input = make('input', { type: 'number', step: 'any' });
    input.setAttribute('aria-label', `${label} ${labelOf(name)}`);
    return input;
  };
  const [from, to] = [field('Least'), field('Most')];
  const setRange = (least: number, most: number): void => {
    filters.ranges[position] = least <= bins.least && most >= bins.most ? undefined : [least, most];
    explorer.filtersChanged();
  };
  for (const input of [from, to])
    input.addEventListener('change', () => {
      const valueOf = (field: HTMLInputElement, other: number): number =>
        field.value === '' ? other : Number(field.value);
      setRange(valueOf(from, bins.least), valueOf(to, bins.most));
    });
  const valueAt = (share: number): number => bins.least + share * (bins.most - bins.least);
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
  const refresh = (): void => {
    const most = bins.counts.reduce((best, count) => Math.max(best, count), 1);
    const range = filters.ranges[position];
    columns.forEach((column, bin) => {
      column.style.height = `${(100 * bins.counts[bin]!) / most}%`;
      const [low, high] = [valueAt(bin / BINS), valueAt((bin + 1) / BINS)];
      column.classList.toggle('out', range !== undefined && (high < range[0] || low > range[1]));
    });
    const [low, high] = range ?? [bins.least, bins.most];
    from.value = String(Math.round(low * 100) / 100);
    to.value = String(Math.round(high * 100) / 100);
  };
  explorer.on('filters', refresh);
  refresh();
  return section(labelOf(name), '', make('div', {}, [plot, make('div', { className: 'range' }, [from, to])]), true);
}

function section(title: string, note: string, content: HTMLElement, isOpen: boolean): HTMLElement {
  const summary = make('summary', { textContent: title }, [make('span', { className: 'count', textContent: note })]);
  summary.firstChild!.after(' ');
  return make('details', { className: 'facet', open: isOpen }, [summary, content]);
}
