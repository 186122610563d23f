/** Runs Observable Plot without a browser: renders a plot as the text of an SVG file. */
import { Plot, parseHTML } from './observable-plot.js';
import { textWidth } from './text-width.js';

export interface Heading {
  title: string;
  subtitle: string;
}

/** One entry of a legend drawn below the heading. */
export interface LegendItem {
  label: string;
  colour: string;
}

interface SvgNode {
  setAttribute(name: string, value: string): void;
  append(...children: SvgNode[]): void;
  textContent: string | null;
  readonly outerHTML: string;
}

interface SvgDocument {
  createElementNS(namespace: string, name: string): SvgNode;
}

const SVG = 'http://www.w3.org/2000/svg';
const FONT = 'DejaVu Sans, Helvetica, Arial, sans-serif';

/** Height of heading and legend: the top margin of every plot. */
export const HEADING_HEIGHT = 84;

/** Draws a plot, below a heading and a legend, on white. */
export function renderSvg(options: Plot.PlotOptions, heading: Heading, legend: readonly LegendItem[]): string {
  const { document } = parseHTML('<html><body></body></html>') as unknown as { document: SvgDocument };
  const svg = Plot.plot({
    ...options,
    document,
    style: { fontFamily: FONT, fontSize: '11px', background: 'white', color: '#222' },
  }) as unknown as SvgNode;
  svg.setAttribute('xmlns', SVG);
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', heading.title);
  const text = (content: string, x: number, y: number, attributes: Record<string, string>): SvgNode => {
    const node = document.createElementNS(SVG, 'text');
    node.textContent = content;
    for (const [name, value] of Object.entries({ x: String(x), y: String(y), 'text-anchor': 'start', ...attributes }))
      node.setAttribute(name, value);
    return node;
  };
  svg.append(
    text(heading.title, 12, 22, { 'font-size': '15', 'font-weight': 'bold' }),
    text(heading.subtitle, 12, 40, { 'font-size': '11', fill: '#555' }),
  );
  let x = 12;
  for (const { label, colour } of legend) {
    const swatch = document.createElementNS(SVG, 'rect');
    for (const [name, value] of Object.entries({
      x: String(x),
      y: '51',
      width: '12',
      height: '12',
      fill: colour,
      stroke: '#999',
    })) {
      swatch.setAttribute(name, value);
    }
    svg.append(swatch, text(label, x + 17, 61, { 'font-size': '11' }));
    x += 17 + textWidth(label, 11) + 14;
  }
  return `${svg.outerHTML}\n`;
}
