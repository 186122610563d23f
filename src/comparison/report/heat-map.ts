/**
 * The matrix of all pairs as a heat map, in the order of the leaves of their tree, which is drawn beside it.
 */
import { escapeHtml } from '../../core/escape-html.js';
import { expectBoolean, expectOptions } from '../../core/validate.js';
import { textWidth } from '../../plots/text-width.js';
import type { ComparisonMatrix, MatrixEntry } from '../compare-all.js';
import { ALPHA } from '../sufficient-questions.js';
import { expectMatrix } from './expect-result.js';
import { describePair } from './wording.js';

const FONT = 'DejaVu Sans, Helvetica, Arial, sans-serif';
const FONT_SIZE = 11;
const CELL = { min: 13, max: 40, width: 720 };
const TREE_WIDTH = 110;
const GAP = 8;
const LEGEND_HEIGHT = 58;
const MAX_LABEL = 260;
/** From the smallest to the largest distance. */
const SCALE = [
  [0xf3, 0xf6, 0xfb],
  [0x6f, 0xa0, 0xd8],
  [0x12, 0x35, 0x5f],
] as const;
const MISSING = 'none';

/** Options of `heatMap`. */
export interface HeatMapOptions {
  /**
   * Whether the picture becomes part of a light or dark page. It then has no background, and its text has the colour of
   * the page. @default false
   */
  isInline?: boolean | undefined;
}

/**
 * Draws the distances as an SVG. Every cell has a title with all figures of its pair.
 *
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`
 */
export function heatMap(matrix: ComparisonMatrix, options?: HeatMapOptions): string {
  const { names, pairs, merges, order } = expectMatrix(matrix, 'matrix');
  const isInline = expectBoolean(expectOptions(options, 'options', ['isInline']).isInline ?? false, 'isInline');
  const cell = Math.max(CELL.min, Math.min(CELL.max, Math.floor(CELL.width / names.length)));
  const side = cell * names.length;
  const label = Math.min(MAX_LABEL, Math.max(0, ...names.map((name) => textWidth(name, FONT_SIZE)))) + GAP;
  const width = label + side + GAP + TREE_WIDTH;
  const height = label + side + LEGEND_HEIGHT;
  const largest = Math.max(0, ...pairs.map(({ difference }) => difference.distance));
  const entries = new Map(pairs.map((entry) => [entry.sides.join(), entry]));
  const cells = order.flatMap((a, row) =>
    order.map((b, column) => {
      if (a === b) return '';
      const entry = entries.get([Math.min(a, b), Math.max(a, b)].join());
      return drawCell(entry, label + column * cell, label + row * cell, cell, largest);
    }),
  );
  const position = new Map(order.map((item, place) => [item, label + (place + 0.5) * cell]));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
      `font-family="${FONT}" font-size="${FONT_SIZE}" fill="currentColor" ${isInline ? '' : 'color="#222" '}` +
      `role="img" aria-label="Distances of ${names.length} sides, similar ones side by side">`,
    isInline ? '' : `<rect width="${width}" height="${height}" fill="white"/>`,
    ...order.map((item, place) => drawLabels(names[item]!, label, label + (place + 0.5) * cell)),
    ...cells,
    drawTree(merges, names.length, position, label + side + GAP),
    drawLegend(label, label + side + 18, largest),
    '</svg>\n',
  ].join('\n');
}

function drawCell(entry: MatrixEntry | undefined, x: number, y: number, size: number, largest: number): string {
  if (!entry)
    return `<rect x="${x}" y="${y}" width="${size - 1}" height="${size - 1}" fill="${MISSING}" stroke="#8888"/>`;
  const share = largest === 0 ? 0 : Math.max(0, entry.difference.distance / largest);
  const rect = `<rect x="${x}" y="${y}" width="${size - 1}" height="${size - 1}" fill="${colourOf(share)}"/>`;
  const [centre, middle] = [x + (size - 1) / 2, y + (size - 1) / 2];
  const mark =
    entry.adjustedP <= ALPHA ? '' : `<circle cx="${centre}" cy="${middle}" r="3" fill="none" stroke="#b00020"/>`;
  return `<g>${rect}${mark}<title>${escapeHtml(describePair(entry))}</title></g>`;
}

/** Interpolates the scale; `share` is 0 to 1. */
function colourOf(share: number): string {
  const at = share * (SCALE.length - 1);
  const low = Math.min(Math.floor(at), SCALE.length - 2);
  const channels = SCALE[low]!.map((from, i) => Math.round(from + (SCALE[low + 1]![i]! - from) * (at - low)));
  return `#${channels.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}

function drawLabels(name: string, edge: number, centre: number): string {
  const at = centre + FONT_SIZE / 3;
  const text = escapeHtml(shorten(name));
  return (
    `<text x="${edge - GAP / 2}" y="${at}" text-anchor="end">${text}</text>` +
    `<text transform="translate(${at} ${edge - GAP / 2}) rotate(-90)">${text}</text>`
  );
}

function shorten(name: string): string {
  // No character is so narrow that more of them fit. A name from elsewhere can be as long as a text.
  const characters = Array.from(name.slice(0, 2 * MAX_LABEL)).slice(0, MAX_LABEL);
  while (characters.length > 1 && textWidth(characters.join(''), FONT_SIZE) > MAX_LABEL) characters.pop();
  const kept = characters.join('');
  return kept === name ? name : `${Array.from(kept).slice(0, -1).join('')}…`;
}

/** Draws the tree from its leaves at the left to its root. */
function drawTree(
  merges: ComparisonMatrix['merges'],
  items: number,
  position: ReadonlyMap<number, number>,
  left: number,
): string {
  const root = merges.at(-1)?.height ?? 0;
  const nodes = Array.from({ length: items }, (_, item) => ({ x: left, y: position.get(item)! }));
  const lines: string[] = [];
  for (const { clusters, height } of merges) {
    const [a, b] = [nodes[clusters[0]]!, nodes[clusters[1]]!];
    const x = left + (root === 0 ? 0 : (height / root) * (TREE_WIDTH - 4));
    lines.push(`M${a.x.toFixed(1)} ${a.y.toFixed(1)}H${x.toFixed(1)}V${b.y.toFixed(1)}H${b.x.toFixed(1)}`);
    nodes.push({ x, y: (a.y + b.y) / 2 });
  }
  return `<path d="${lines.join('')}" fill="none" stroke="currentColor" stroke-opacity="0.6"/>`;
}

function drawLegend(x: number, y: number, largest: number): string {
  const steps = Array.from({ length: 24 }, (_, i) => i / 23);
  return [
    ...steps.map((share, i) => `<rect x="${x + i * 6}" y="${y}" width="6" height="10" fill="${colourOf(share)}"/>`),
    `<text x="${x}" y="${y + 24}">0</text>`,
    `<text x="${x + 144}" y="${y + 24}" text-anchor="end">${largest.toFixed(2)}</text>`,
    `<text x="${x + 152}" y="${y + 9}">distance of the means</text>`,
    `<circle cx="${x + 157}" cy="${y + 21}" r="3" fill="none" stroke="#b00020"/>`,
    `<text x="${x + 166}" y="${y + 24}">no difference found (adjusted p &gt; ${ALPHA})</text>`,
  ].join('');
}
