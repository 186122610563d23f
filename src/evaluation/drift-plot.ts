import { Plot } from '../plots/observable-plot.js';

import { HEADING_HEIGHT, renderSvg } from '../plots/svg.js';
import { textWidth } from '../plots/text-width.js';
import type { Distance, Drift } from './centroid-drift.js';

const REFERENCE = '#0072b2';
const TARGET = '#d55e00';

/**
 * Plots the distances of the checkpoints to reference and target, in the given order. Returns the text of an SVG file.
 */
export function plotDrift({ checkpoints, span, questions }: Drift, reference: string, target: string): string {
  const names = checkpoints.map(({ name }) => name);
  const row = (name: string, side: string, { distance, interval }: Distance) => ({
    name,
    side,
    distance,
    low: interval?.low ?? distance,
    high: interval?.high ?? distance,
  });
  const rows = checkpoints.flatMap(({ name, toReference, toTarget }) => [
    row(name, reference, toReference),
    row(name, target, toTarget),
  ]);
  const colour = ({ side }: { side: string }): string => (side === reference ? REFERENCE : TARGET);
  const heading = {
    title: 'Value drift',
    subtitle:
      `Euclidean distance between the means of embedded answers to ${questions} questions, 95 % intervals; ` +
      'dashed: reference to target',
  };
  return renderSvg(
    {
      width: Math.max(textWidth(heading.subtitle, 11) + 24, 120 + 70 * names.length),
      height: 420,
      marginTop: HEADING_HEIGHT,
      marginLeft: 56,
      marginBottom: 60,
      x: { type: 'point', domain: names, label: null, tickRotate: names.length > 6 ? -30 : 0 },
      y: { zero: true, grid: true, nice: true, label: null },
      marks: [
        Plot.ruleY([span.distance], { stroke: '#777', strokeDasharray: '4 3' }),
        Plot.line(rows, { x: 'name', y: 'distance', z: 'side', stroke: colour, strokeWidth: 2 }),
        Plot.ruleX(rows, { x: 'name', y1: 'low', y2: 'high', stroke: colour, strokeWidth: 2 }),
        Plot.dot(rows, { x: 'name', y: 'distance', fill: colour, r: 4 }),
      ],
    },
    heading,
    [
      { label: `to ${reference}`, colour: REFERENCE },
      { label: `to ${target}`, colour: TARGET },
    ],
  );
}
