/** Plots of the probabilities of a classifier, each as the text of an SVG file. Equal input gives equal bytes. */
import { Plot } from '../../plots/observable-plot.js';

import { HEADING_HEIGHT, renderSvg } from '../../plots/svg.js';
import { CHANCE, colourOf, curveMarks, legendOf, percent, percentAxis } from '../plot-style.js';
import type { ReportEntry } from '../report-types.js';
import type { ClassifierResult } from './evaluate-classifier.js';

const DIAGONAL = '#777777';

const FRAME = {
  width: 640,
  height: HEADING_HEIGHT + 360,
  marginTop: HEADING_HEIGHT,
  marginLeft: 60,
  marginRight: 24,
  marginBottom: 44,
};

const axis = (label: string) => ({ ...percentAxis, label, labelAnchor: 'center', labelArrow: 'none' }) as const;

/** The entries that are classifiers, with their positions in the report, which decide their colours. */
function classifiersOf(entries: readonly ReportEntry[]): { name: string; entry: number; result: ClassifierResult }[] {
  return entries.flatMap(({ name, result }, entry) => ('calibration' in result ? [{ name, entry, result }] : []));
}

/** Plots the accuracy of the first label over its probability. A larger dot stands for more answers. */
export function plotReliability(entries: readonly ReportEntry[]): string {
  const classifiers = classifiersOf(entries);
  const points = classifiers.flatMap(({ entry, result }) =>
    result.calibration.bins.flatMap(({ count, probability, accuracy }) =>
      count === 0 ? [] : [{ count, probability, accuracy, colour: colourOf(entry), entry }],
    ),
  );
  const errors = classifiers.map(({ result }) => percent(result.calibration.error));
  return renderSvg(
    {
      ...FRAME,
      x: { ...axis('probability of the first label'), domain: [0, 1] },
      y: { ...percentAxis, domain: [0, 1] },
      r: { range: [2, 12], domain: [0, Math.max(...points.map(({ count }) => count))] },
      marks: [
        Plot.line(
          [
            [0, 0],
            [1, 1],
          ],
          { stroke: DIAGONAL, strokeDasharray: '4,3' },
        ),
        Plot.line(points, { x: 'probability', y: 'accuracy', stroke: 'colour', z: 'entry', strokeWidth: 2 }),
        Plot.dot(points, { x: 'probability', y: 'accuracy', fill: 'colour', r: 'count', fillOpacity: 0.6 }),
        Plot.frame({ stroke: '#ccc' }),
      ],
    },
    {
      title: 'Reliability: share identified correctly by probability',
      subtitle: `area of a dot: number of tested answers; expected calibration error ${errors.join(', ')}`,
    },
    [...legendOf(entries, 'calibration'), { label: 'perfectly calibrated', colour: DIAGONAL }],
  );
}

/** Plots the accuracy over the share of answers that are identified. */
export function plotCoverage(entries: readonly ReportEntry[]): string {
  const points = classifiersOf(entries).flatMap(({ entry, result }) =>
    result.coverage.map(({ coverage, accuracy }) => ({ coverage, accuracy, colour: colourOf(entry), entry })),
  );
  return renderSvg(
    {
      ...FRAME,
      x: { ...axis('share of the tested answers that are identified, the most probable first'), domain: [0, 1] },
      y: { ...percentAxis, domain: [0, 1] },
      marks: curveMarks(points, { x: 'coverage', y: 'accuracy' }, entries[0]!.result.chance),
    },
    {
      title: 'Accuracy by coverage',
      subtitle: 'share identified correctly, if only the answers with the highest probability are identified',
    },
    [...legendOf(entries, 'calibration'), { label: 'chance', colour: CHANCE }],
  );
}

/** Plots the balanced accuracy over the number of answers that are identified together. */
export function plotTogether(entries: readonly ReportEntry[]): string {
  const points = classifiersOf(entries).flatMap(({ entry, result }) =>
    result.together.map(({ answers, balancedAccuracy }) => ({
      answers,
      balancedAccuracy,
      colour: colourOf(entry),
      entry,
    })),
  );
  return renderSvg(
    {
      ...FRAME,
      x: {
        type: 'log',
        ticks: [...new Set(points.map(({ answers }) => answers))],
        tickFormat: (answers: number) => String(answers),
        label: 'number of answers of one author, identified together',
        labelAnchor: 'center',
        labelArrow: 'none',
        inset: 24,
      },
      y: { ...percentAxis, domain: [0, 1] },
      marks: [
        ...curveMarks(points, { x: 'answers', y: 'balancedAccuracy' }, entries[0]!.result.chance),
        Plot.text(points, {
          x: 'answers',
          y: 'balancedAccuracy',
          text: ({ balancedAccuracy }: { balancedAccuracy: number }) => percent(balancedAccuracy),
          dy: -12,
        }),
      ],
    },
    {
      title: 'Accuracy of several answers together',
      subtitle: 'balanced accuracy: mean over labels of the share of groups identified correctly',
    },
    [...legendOf(entries, 'calibration'), { label: 'chance', colour: CHANCE }],
  );
}
