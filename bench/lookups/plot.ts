import { Plot } from '../../src/plots/observable-plot.js';

import { HEADING_HEIGHT, renderSvg } from '../../src/plots/svg.js';
import type { LookupFile } from './report.js';

const COLOURS = [
  '#1b6ca8',
  '#3fa7d6',
  '#0b3954',
  '#a0a0a0',
  '#c1440e',
  '#e98a15',
  '#7a1f0c',
  '#c9c9c9',
  '#4c8c2b',
  '#9bc53d',
];

/** Plots recall (up) against the latency of single queries. Up and to the left is better. */
export function drawLookups({ rows, dim, realRows, machine, results }: LookupFile, k: number): string {
  const points = results
    .flatMap(({ name, points }) => points.map((point) => ({ name, ...point })))
    .filter((point) => point.k === k && point.recall >= 0.8);
  const starts = results
    .map(({ name }) => points.find((point) => point.name === name))
    .filter((point) => point !== undefined);
  const colour = (name: string): string =>
    COLOURS[results.findIndex((result) => result.name === name) % COLOURS.length]!;
  const channels = { x: 'p50Ms', y: 'recall', z: 'name' };
  const ofPoint = ({ name }: { name: string }): string => colour(name);
  const label = { x: 'p50Ms', y: 'recall', text: 'name', fill: ofPoint, fontSize: 10, stroke: 'white', strokeWidth: 4 };
  const isToTheRight = (name: string): boolean => /libfaiss|, /.test(name);
  return renderSvg(
    {
      width: 900,
      height: 520,
      marginTop: HEADING_HEIGHT + 10,
      marginLeft: 110,
      marginRight: 40,
      marginBottom: 45,
      grid: true,
      x: { type: 'log', label: 'median latency of one query (ms)', tickFormat: (value: number) => String(value) },
      y: { label: null, domain: [0.8, 1] },
      marks: [
        Plot.ruleY([0.99], { stroke: '#888', strokeDasharray: '4 3' }),
        Plot.ruleX([1], { stroke: '#888', strokeDasharray: '4 3' }),
        Plot.lineY(points, { ...channels, stroke: ofPoint }),
        Plot.dot(points, { ...channels, fill: ofPoint, r: 3 }),
        // Labels are beside the left end of a line. Labels of peers and variants, whose lines start behind another one,
        // are on its other side.
        Plot.text(
          starts.filter(({ name }) => !isToTheRight(name)),
          { ...label, dx: -8, dy: 9, textAnchor: 'end' },
        ),
        Plot.text(
          starts.filter(({ name }) => isToTheRight(name)),
          { ...label, dx: 12, dy: 12, textAnchor: 'start' },
        ),
      ],
    },
    {
      title: `Recall@${k} and latency of lookups in ${rows.toLocaleString('en')} x ${dim} vectors`,
      subtitle:
        `${realRows.toLocaleString('en')} vectors of real answers${realRows < rows ? ' and rows between them' : ''}; ` +
        `${String(machine['simd'])}, one caller`,
    },
    [],
  );
}
