/** Colours, axes and legends that the plots of a report have in common. */
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

export function legendOf(entries: readonly ReportEntry[]): LegendItem[] {
  return entries.map(({ name }, i) => ({ label: name, colour: colourOf(i) }));
}
