/** Colours, axes and legends that the plots of a report have in common. */
import { Plot } from '../plots/observable-plot.js';

import type { LegendItem } from '../plots/svg.js';
import type { ReportEntry } from './report-types.js';

/** Distinguishable with the usual colour-vision deficiencies (Okabe and Ito). */
const COLOURS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#f0e442', '#777777'];
export const CHANCE = '#c00000';

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

export const percentAxis = {
  label: null,
  tickFormat: (share: number): string => `${Math.round(100 * share)} %`,
  grid: true,
};

export function colourOf(entry: number): string {
  return COLOURS[entry % COLOURS.length]!;
}

/** @param figure leaves out the entries whose result does not have it */
export function legendOf(entries: readonly ReportEntry[], figure?: string): LegendItem[] {
  return entries.flatMap(({ name, result }, i) =>
    figure === undefined || figure in result ? [{ label: name, colour: colourOf(i) }] : [],
  );
}

/** Draws a line with dots for every entry, and a line at chance. */
export function curveMarks(
  points: readonly { entry: number; colour: string }[],
  channels: { x: string; y: string },
  chance: number,
): Plot.Markish[] {
  return [
    Plot.ruleY([0]),
    Plot.ruleY([chance], { stroke: CHANCE, strokeDasharray: '4,3' }),
    Plot.line(points, { ...channels, stroke: 'colour', z: 'entry', strokeWidth: 2 }),
    Plot.dot(points, { ...channels, fill: 'colour', r: 3.5 }),
  ];
}
