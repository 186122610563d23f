/** Plots of a report, each as the text of an SVG file. Equal input gives equal bytes. */
import { Plot } from '../plots/observable-plot.js';

import { HEADING_HEIGHT, renderSvg } from '../plots/svg.js';
import { textWidth } from '../plots/text-width.js';
import type { ConfusionTable } from './classification.js';
import { CHANCE, colourOf, curveMarks, legendOf, percent, percentAxis } from './plot-style.js';
import type { ReportEntry } from './report-types.js';

/** With more labels, the cells of a heat map are too small for figures. */
const MAX_LABELS_WITH_FIGURES = 30;

/** Plots accuracy and balanced accuracy of every entry with 95 % intervals, and chance. */
export function plotAccuracy(entries: readonly ReportEntry[]): string {
  const measures = [
    ['accuracy', 'accuracy'],
    ['balancedAccuracy', 'balanced accuracy'],
  ] as const;
  const bars = measures.flatMap(([key, measure]) =>
    entries.map(({ name, result }, i) => ({
      name,
      measure,
      colour: colourOf(i),
      share: result[key],
      low: result.intervals?.[key].low ?? result[key],
      high: result.intervals?.[key].high ?? result[key],
      chance: result.chance,
    })),
  );
  const marginLeft = 24 + Math.max(...entries.map(({ name }) => textWidth(name, 11)));
  return renderSvg(
    {
      width: marginLeft + 560,
      marginLeft,
      marginRight: 120,
      marginTop: HEADING_HEIGHT,
      marginBottom: 40,
      height: HEADING_HEIGHT + 40 + measures.length * (entries.length * 26 + 14),
      x: {
        ...percentAxis,
        label: 'tested answers identified correctly',
        labelAnchor: 'center',
        labelArrow: 'none',
        domain: [0, Math.max(...bars.map(({ high }) => high)) * 1.12],
      },
      y: { label: null, domain: entries.map(({ name }) => name), padding: 0.25 },
      fy: { label: null, domain: measures.map(([, measure]) => measure), padding: 0.12 },
      marks: [
        Plot.barX(bars, { fy: 'measure', y: 'name', x: 'share', fill: 'colour' }),
        Plot.ruleY(bars, { fy: 'measure', y: 'name', x1: 'low', x2: 'high', stroke: '#222', strokeWidth: 1.5 }),
        Plot.tickX(bars, { fy: 'measure', y: 'name', x: 'chance', stroke: CHANCE, strokeWidth: 2 }),
        Plot.text(bars, {
          fy: 'measure',
          y: 'name',
          x: 'high',
          text: ({ share }: { share: number }) => percent(share),
          textAnchor: 'start',
          dx: 6,
        }),
        Plot.ruleX([0]),
      ],
    },
    {
      title: 'Accuracy on held-out answers',
      subtitle: 'bars: share of tested answers; lines: 95 % bootstrap interval over questions',
    },
    [...legendOf(entries), { label: 'chance', colour: CHANCE }],
  );
}

/** Plots balanced accuracy over k for every entry that has a sweep. */
export function plotSweep(entries: readonly ReportEntry[]): string {
  const points = entries.flatMap(({ result }, i) =>
    'sweep' in result
      ? result.sweep.map(({ k, balancedAccuracy }) => ({ k, balancedAccuracy, colour: colourOf(i), entry: i }))
      : [],
  );
  const ks = [...new Set(points.map(({ k }) => k))].sort((a, b) => a - b);
  return renderSvg(
    {
      width: 640,
      height: HEADING_HEIGHT + 320,
      marginTop: HEADING_HEIGHT,
      marginLeft: 60,
      marginBottom: 44,
      x: {
        type: 'log',
        ticks: ks,
        tickFormat: (k: number) => String(k),
        label: 'k, number of neighbours that vote',
        labelAnchor: 'center',
        labelArrow: 'none',
        inset: 12,
      },
      y: { ...percentAxis, domain: [0, Math.max(...points.map(({ balancedAccuracy }) => balancedAccuracy)) * 1.1] },
      marks: curveMarks(points, { x: 'k', y: 'balancedAccuracy' }, entries[0]!.result.chance),
    },
    {
      title: 'Balanced accuracy by number of neighbours',
      subtitle: 'mean over labels of the share of tested answers identified correctly',
    },
    [...legendOf(entries, 'sweep'), { label: 'chance', colour: CHANCE }],
  );
}

/** Plots the recall of every label, sorted by the first entry, best on top. */
export function plotPerId(entries: readonly ReportEntry[]): string {
  const points = entries.flatMap(({ result }, i) =>
    result.perId.filter(({ recall }) => recall !== null).map(({ id, recall }) => ({ id, recall, entry: i })),
  );
  const order = entries[0]!.result.perId
    .filter(({ recall }) => recall !== null)
    .sort((a, b) => b.recall! - a.recall!)
    .map(({ id }) => id);
  const ids = [...new Set([...order, ...points.map(({ id }) => id)])];
  const marginLeft = 24 + Math.max(...ids.map((id) => textWidth(id, 11)));
  return renderSvg(
    {
      width: marginLeft + 520,
      height: HEADING_HEIGHT + 44 + ids.length * (13 + 4 * entries.length),
      marginLeft,
      marginRight: 24,
      marginTop: HEADING_HEIGHT,
      marginBottom: 44,
      x: {
        ...percentAxis,
        label: 'tested answers of this label identified correctly (recall)',
        labelAnchor: 'center',
        labelArrow: 'none',
        domain: [0, 1],
      },
      y: { label: null, domain: ids, type: 'point', grid: true },
      marks: [
        Plot.ruleX([0]),
        Plot.ruleX([entries[0]!.result.chance], { stroke: CHANCE, strokeDasharray: '4,3' }),
        // Each entry has its own mark, shifted a little downwards, so that equal recalls stay visible.
        ...entries.map((_, i) =>
          Plot.dot(
            points.filter(({ entry }) => entry === i),
            {
              x: 'recall',
              y: 'id',
              fill: colourOf(i),
              r: 3.5,
              dy: (i - (entries.length - 1) / 2) * 4,
            },
          ),
        ),
      ],
    },
    { title: 'Recall of each label', subtitle: `ordered by ${entries[0]!.name}` },
    [...legendOf(entries), { label: 'chance', colour: CHANCE }],
  );
}

/**
 * Plots a confusion table as a heat map of shares of each actual label's tested answers. Labels without tested answers
 * have no row.
 */
export function plotConfusion({ labels, counts }: ConfusionTable, name: string): string {
  const rows = labels.filter((_, i) => counts[i]!.some((count) => count > 0));
  const cells = labels.flatMap((actual, i) => {
    const total = counts[i]!.reduce((sum, count) => sum + count, 0);
    return counts[i]!.flatMap((count, j) =>
      count === 0 ? [] : [{ actual, predicted: labels[j]!, share: count / total }],
    );
  });
  const withFigures = labels.length <= MAX_LABELS_WITH_FIGURES;
  const cell = withFigures ? 28 : 14;
  const margin = 24 + Math.max(...labels.map((label) => textWidth(label, 11)));
  const steps = [0.01, 0.2, 0.4, 0.6, 0.8, 1];
  const colour = { type: 'linear', domain: [0, 1], scheme: 'blues' } as const;
  const scale = Plot.scale({ color: colour });
  return renderSvg(
    {
      width: Math.max(margin + labels.length * cell + 40, 640),
      height: HEADING_HEIGHT + margin + rows.length * cell + 8,
      marginLeft: margin,
      marginRight: Math.max(40, 640 - margin - labels.length * cell),
      marginTop: HEADING_HEIGHT,
      marginBottom: margin + 8,
      color: colour,
      x: {
        domain: labels,
        tickRotate: -90,
        label: 'identified as',
        labelAnchor: 'center',
        labelArrow: 'none',
        labelOffset: margin,
        padding: 0.04,
      },
      y: { domain: rows, label: null, padding: 0.04 },
      marks: [
        Plot.frame({ stroke: '#ccc' }),
        Plot.cell(rows, { x: (label: string) => label, y: (label: string) => label, fill: 'none', stroke: '#ccc' }),
        Plot.cell(cells, { x: 'predicted', y: 'actual', fill: 'share' }),
        ...(withFigures
          ? [
              Plot.text(
                cells.filter(({ share }) => share >= 0.005),
                {
                  x: 'predicted',
                  y: 'actual',
                  text: ({ share }: { share: number }) => String(Math.round(100 * share)),
                  fill: ({ share }: { share: number }) => (share > 0.55 ? 'white' : 'black'),
                  fontSize: 9,
                },
              ),
            ]
          : []),
      ],
    },
    {
      title: `Confusion: ${name}`,
      subtitle: 'rows: true label; columns: identified as; colour: percentage of the row\u2019s tested answers',
    },
    steps.map((share) => ({ label: `${Math.round(100 * share)} %`, colour: String(scale.apply(share)) })),
  );
}
