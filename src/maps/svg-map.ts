/** Draws a map as the text of an SVG file. Equal input gives equal bytes. */
import { SeededRandom } from '../core/random.js';
import { textWidth } from '../plots/text-width.js';
import { categoricalColours } from './palette.js';
import { boundsOf, columnOf, type ValueMap } from './value-map.js';

const FONT = 'DejaVu Sans, Helvetica, Arial, sans-serif';
const PADDING = 24;
const HEADING = 66;
const MAP_WIDTH = 860;
/** Height of the map as a share of its width. A flatter or taller projection gets padding. */
const ASPECT = { min: 0.6, max: 1 };
const LEGEND_ROW = 17;
const LEGEND_FONT = 11;
const LABEL_CHARACTERS = 34;
const MAX_LEGEND_COLUMNS = 3;
/** Number of layers of points. Each has all colours, so that no category covers the others. */
const LAYERS = 24;

interface Category {
  label: string;
  colour: string;
  count: number;
}

export function svgMap(map: ValueMap): string {
  const column = columnOf(map, map.color)!;
  const colours = categoricalColours(column.values.length);
  const counts = column.values.map(() => 0);
  for (const id of map.valueIds) counts[column.codes[id]!]!++;
  const bounds = boundsOf(map.coordinates);
  const [left, bottom, right, top] = bounds;
  const aspect = Math.min(ASPECT.max, Math.max(ASPECT.min, (top - bottom) / (right - left || 1)));
  const mapHeight = Math.round(MAP_WIDTH * aspect);
  const legend = layOutLegend(
    column.values.map((label, i) => ({ label, colour: colours[i]!, count: counts[i]! })),
    mapHeight,
  );
  const width = PADDING + MAP_WIDTH + PADDING + legend.width;
  const height = HEADING + mapHeight + PADDING;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
      `font-family="${FONT}" role="img" aria-label="${escapeXml(map.title)}">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    text(fit(map.title, width - 2 * PADDING, 17), PADDING, 30, 'font-size="17" font-weight="bold" fill="#222"'),
    text(fit(map.subtitle, width - 2 * PADDING, 12), PADDING, 50, 'font-size="12" fill="#555"'),
    `<g fill="none" stroke-linecap="round" stroke-opacity="0.8" stroke-width="${pointSize(map.valueIds.length)}">`,
    ...pointPaths(map, column.codes, colours, mapHeight, bounds),
    '</g>',
    ...legend.elements,
    '</svg>\n',
  ].join('\n');
}

/** Returns the diameter of points in pixels. */
function pointSize(points: number): number {
  return Math.round(10 * Math.min(6, Math.max(1.4, 4.4 * (5000 / points) ** 0.3))) / 10;
}

/** Writes a dot as a line of length 0 with round ends, the shortest notation. */
function pointPaths(
  { coordinates, valueIds }: ValueMap,
  codes: readonly number[],
  colours: readonly string[],
  mapHeight: number,
  [left, bottom, right, top]: readonly [number, number, number, number],
): string[] {
  const scale = Math.min(MAP_WIDTH / (right - left || 1), mapHeight / (top - bottom || 1));
  const x0 = PADDING + (MAP_WIDTH - scale * (right - left)) / 2;
  const y0 = HEADING + (mapHeight - scale * (top - bottom)) / 2;
  const order = new SeededRandom(1).shuffle(Int32Array.from(valueIds, (_, i) => i));
  const layerSize = Math.ceil(order.length / LAYERS);
  const paths: string[] = [];
  for (let first = 0; first < order.length; first += layerSize) {
    const dots = new Map<number, string[]>();
    for (const point of order.subarray(first, first + layerSize)) {
      const category = codes[valueIds[point]!]!;
      const x = x0 + scale * (coordinates[2 * point]! - left);
      const y = y0 + scale * (top - coordinates[2 * point + 1]!);
      const dot = `M${x.toFixed(1)} ${y.toFixed(1)}h0`;
      const list = dots.get(category);
      if (list) list.push(dot);
      else dots.set(category, [dot]);
    }
    for (const [category, list] of dots) paths.push(`<path stroke="${colours[category]!}" d="${list.join('')}"/>`);
  }
  return paths;
}

/**
 * Lays out the categories in columns as high as the map. If there are too many, shows the largest and the number of
 * others.
 */
function layOutLegend(categories: readonly Category[], mapHeight: number): { elements: string[]; width: number } {
  const perColumn = Math.max(4, Math.floor(mapHeight / LEGEND_ROW));
  const room = perColumn * MAX_LEGEND_COLUMNS;
  const bySize = [...categories].sort((a, b) => b.count - a.count);
  const named = new Set(categories.length <= room ? categories : bySize.slice(0, room - 1));
  const rows = categories
    .filter((category) => named.has(category))
    .map(({ label, colour, count }) => ({ label: shorten(label), colour, count: count.toLocaleString('en-US') }));
  if (named.size < categories.length)
    rows.push({ label: `and ${categories.length - named.size} others`, colour: 'none', count: '' });
  const columnWidth =
    26 + Math.max(...rows.map(({ label, count }) => textWidth(label, LEGEND_FONT) + textWidth(count, LEGEND_FONT)));
  const elements = rows.map(({ label, colour, count }, i) => {
    const x = PADDING + MAP_WIDTH + PADDING + Math.floor(i / perColumn) * (columnWidth + PADDING);
    const y = HEADING + (i % perColumn) * LEGEND_ROW + 12;
    return [
      `<circle cx="${x + 5}" cy="${y - 4}" r="5" fill="${colour}"/>`,
      text(label, x + 16, y, `font-size="${LEGEND_FONT}" fill="#222"`),
      text(count, x + columnWidth, y, `font-size="${LEGEND_FONT}" fill="#777" text-anchor="end"`),
    ].join('');
  });
  return { elements, width: Math.ceil(rows.length / perColumn) * (columnWidth + PADDING) };
}

function shorten(label: string): string {
  const characters = Array.from(label);
  return characters.length <= LABEL_CHARACTERS ? label : `${characters.slice(0, LABEL_CHARACTERS - 1).join('')}…`;
}

function fit(content: string, width: number, fontSize: number): string {
  const characters = Array.from(content);
  while (characters.length > 1 && textWidth(characters.join(''), fontSize) > width) characters.pop();
  return characters.length === Array.from(content).length ? content : `${characters.slice(0, -1).join('')}…`;
}

function text(content: string, x: number, y: number, attributes: string): string {
  return `<text x="${x}" y="${y}" ${attributes}>${escapeXml(content)}</text>`;
}

function escapeXml(content: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  // XML cannot represent control characters.
  return content
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"]/g, (character) => entities[character]!);
}
