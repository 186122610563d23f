/** A small SVG chart of values over commits: one row per benchmark, with its own logarithmic scale. */

export interface ChartLine {
  /** Meaning of its colour; lines of one label have one colour. */
  label: string;
  /** Position on the horizontal axis, from 0, and a value above 0. */
  points: readonly { at: number; value: number }[];
}

export interface ChartRow {
  label: string;
  lines: readonly ChartLine[];
}

export interface Chart {
  title: string;
  subtitle: string;
  rows: readonly ChartRow[];
  /** Labels of the positions, for example commits. */
  ticks: readonly string[];
  /** Formats the last value of a line, which is written beside it. */
  format: (value: number) => string;
}

const COLOURS = ['#4269d0', '#efb118', '#ff725c', '#6cc5b0', '#3ca951', '#ff8ab7', '#a463f2', '#97bbf5', '#9c6b4e'];
const [HEADING, ROW, INSET, BOTTOM] = [84, 54, 10, 70] as const;
const [LEFT, PLOT, CHARACTER] = [24, 420, 6.6] as const;

export function drawChart({ title, subtitle, rows, ticks, format }: Chart): string {
  const labels = [...new Set(rows.flatMap(({ lines }) => lines.map(({ label }) => label)))].sort();
  const colour = (label: string): string => COLOURS[labels.indexOf(label) % COLOURS.length]!;
  const widest = Math.max(0, ...rows.map(({ label }) => label.length));
  const [width, height] = [LEFT + PLOT + 90 + widest * CHARACTER, HEADING + rows.length * ROW + BOTTOM];
  const x = (at: number): number => LEFT + INSET + ((PLOT - 2 * INSET) * at) / Math.max(1, ticks.length - 1);
  const parts = [
    text(12, 22, title, 'font-size="15" font-weight="bold"'),
    text(12, 40, subtitle, 'fill="#555"'),
    ...legend(labels, colour),
    ...rows.flatMap((row, i) => drawRow(row, HEADING + i * ROW, { x, colour, format })),
    ...ticks.map((tick, at) => {
      const [left, top] = [x(at), HEADING + rows.length * ROW + 14];
      return text(left, top, tick, `text-anchor="end" font-size="9" transform="rotate(-60 ${left} ${top})"`);
    }),
  ];
  const font = 'font-family="DejaVu Sans, Helvetica, Arial, sans-serif" font-size="11"';
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${escape(title)}" ${font} ` +
    `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">\n` +
    `<rect width="100%" height="100%" fill="white"/>\n${parts.join('\n')}\n</svg>\n`
  );
}

interface Axes {
  x: (at: number) => number;
  colour: (label: string) => string;
  format: Chart['format'];
}

function drawRow({ label, lines }: ChartRow, top: number, { x, colour, format }: Axes): string[] {
  const values = lines.flatMap(({ points }) => points.map(({ value }) => Math.log(value)));
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const y = (value: number): number =>
    top + ROW - INSET - (ROW - 2 * INSET) * (high > low ? (Math.log(value) - low) / (high - low) : 0.5);
  const right = LEFT + PLOT;
  return [
    `<rect x="${LEFT}" y="${top}" width="${PLOT}" height="${ROW - 4}" fill="none" stroke="#eee"/>`,
    text(right + 80, top + ROW / 2, label, ''),
    ...lines.flatMap(({ label: name, points }, i) => {
      const places = points.map(({ at, value }) => [x(at).toFixed(1), y(value).toFixed(1)] as const);
      const path = places.map((place) => place.join(',')).join(' ');
      const last = points.at(-1);
      return [
        `<polyline points="${path}" fill="none" stroke="${colour(name)}" stroke-width="2"/>`,
        ...places.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${colour(name)}"/>`),
        ...(last ? [text(right + 6, top + 14 + 13 * i, format(last.value), `fill="${colour(name)}"`)] : []),
      ];
    }),
  ];
}

function legend(labels: readonly string[], colour: (label: string) => string): string[] {
  let left = 12;
  return labels.flatMap((label) => {
    const at = left;
    left += 31 + label.length * CHARACTER;
    return [`<rect x="${at}" y="51" width="12" height="12" fill="${colour(label)}"/>`, text(at + 17, 61, label, '')];
  });
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${x}" y="${y}" ${attributes}>${escape(content)}</text>`;
}

function escape(content: string): string {
  return content.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
