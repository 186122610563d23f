/** Plots of docs/evidence.md, each as the text of an SVG file. Equal input gives equal bytes. */
import { Plot } from '../../src/plots/observable-plot.js';

import { HEADING_HEIGHT, type Heading, renderSvg } from '../../src/plots/svg.js';
import { textWidth } from '../../src/plots/text-width.js';

/** Distinguishable with the usual colour-vision deficiencies (Okabe and Ito). */
const COLOURS = ['#777777', '#cc79a7', '#e69f00', '#56b4e9', '#0072b2', '#009e73', '#d55e00', '#f0e442'];
const CHANCE = '#c00000';

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const percentTick = (share: number): string => `${Math.round(100 * share)} %`;

export interface Bar {
  name: string;
  /** Bars of one group are drawn together. Empty for a single group. */
  group: string;
  share: number;
  /** Half the width of the interval. */
  half: number;
  chance: number;
}

/** Plots horizontal bars with intervals and chance, by group. */
export function plotBars(bars: readonly Bar[], heading: Heading): string {
  const names = [...new Set(bars.map(({ name }) => name))];
  const groups = [...new Set(bars.map(({ group }) => group))];
  const marginLeft = 24 + Math.max(...names.map((name) => textWidth(name, 11)));
  const data = bars.map((bar) => ({
    ...bar,
    colour: COLOURS[names.indexOf(bar.name) % COLOURS.length]!,
    low: Math.max(0, bar.share - bar.half),
    high: Math.min(1, bar.share + bar.half),
  }));
  return renderSvg(
    {
      width: marginLeft + 560,
      height: HEADING_HEIGHT + 40 + groups.length * (names.length * 24 + 14),
      marginLeft,
      marginRight: 24 + Math.max(40, ...groups.map((group) => textWidth(group, 11))),
      marginTop: HEADING_HEIGHT,
      marginBottom: 40,
      x: {
        label: null,
        tickFormat: percentTick,
        grid: true,
        domain: [0, Math.max(...data.map(({ high }) => high)) * 1.14],
      },
      y: { label: null, domain: names, padding: 0.25 },
      fy: { label: null, domain: groups, padding: 0.12 },
      marks: [
        Plot.barX(data, { fy: 'group', y: 'name', x: 'share', fill: 'colour' }),
        Plot.ruleY(data, { fy: 'group', y: 'name', x1: 'low', x2: 'high', stroke: '#222', strokeWidth: 1.5 }),
        Plot.tickX(data, { fy: 'group', y: 'name', x: 'chance', stroke: CHANCE, strokeWidth: 2 }),
        Plot.text(data, {
          fy: 'group',
          y: 'name',
          x: 'high',
          text: ({ share }: { share: number }) => percent(share),
          textAnchor: 'start',
          dx: 6,
        }),
        Plot.ruleX([0]),
      ],
    },
    heading,
    [{ label: 'chance', colour: CHANCE }],
  );
}

export interface Curve {
  name: string;
  points: { k: number; share: number }[];
}

/** Plots shares over the number of neighbours. */
export function plotSweeps(curves: readonly Curve[], chance: number, heading: Heading): string {
  const points = curves.flatMap(({ points: own }, i) =>
    own.map((point) => ({ ...point, colour: COLOURS[i % COLOURS.length]! })),
  );
  const legend = [
    ...curves.map(({ name }, i) => ({ label: name, colour: COLOURS[i % COLOURS.length]! })),
    { label: 'chance', colour: CHANCE },
  ];
  return renderSvg(
    {
      // The legend is one line.
      width: Math.max(640, 24 + legend.reduce((sum, { label }) => sum + 31 + textWidth(label, 11), 0)),
      height: HEADING_HEIGHT + 300,
      marginTop: HEADING_HEIGHT,
      marginLeft: 60,
      marginBottom: 44,
      x: {
        type: 'log',
        ticks: [...new Set(points.map(({ k }) => k))].sort((a, b) => a - b),
        tickFormat: (k: number) => String(k),
        label: 'k, number of neighbours that vote',
        labelAnchor: 'center',
        labelArrow: 'none',
        inset: 12,
      },
      y: {
        label: null,
        tickFormat: percentTick,
        grid: true,
        domain: [0, Math.max(...points.map(({ share }) => share)) * 1.1],
      },
      marks: [
        Plot.ruleY([0]),
        Plot.ruleY([chance], { stroke: CHANCE, strokeDasharray: '4,3' }),
        Plot.line(points, { x: 'k', y: 'share', stroke: 'colour', z: 'colour', strokeWidth: 2 }),
        Plot.dot(points, { x: 'k', y: 'share', fill: 'colour', r: 3.5 }),
      ],
    },
    heading,
    legend,
  );
}

/** With more names, the cells of a heat map are too small for figures. */
const MAX_NAMES_WITH_FIGURES = 12;

/**
 * Plots a heat map of distances, with both axes in the given order.
 *
 * @param distances [names, names], row-major; the diagonal is not drawn
 */
export function plotDistances(names: readonly string[], distances: ArrayLike<number>, heading: Heading): string {
  const cells = names.flatMap((from, i) =>
    names.flatMap((to, j) => (i === j ? [] : [{ from, to, distance: distances[i * names.length + j]! }])),
  );
  const withFigures = names.length <= MAX_NAMES_WITH_FIGURES;
  const cell = withFigures ? 36 : 18;
  const margin = 20 + Math.max(...names.map((name) => textWidth(name, 11)));
  const width = Math.max(margin + names.length * cell + 40, 640);
  const all = cells.map(({ distance }) => distance);
  const domain: [number, number] = [Math.min(...all), Math.max(...all)];
  // Small distances are dark.
  const colour = { type: 'linear', domain, scheme: 'blues', reverse: true } as const;
  const scale = Plot.scale({ color: colour });
  const steps = [0, 0.25, 0.5, 0.75, 1].map((part) => domain[0] + part * (domain[1] - domain[0]));
  return renderSvg(
    {
      width,
      height: HEADING_HEIGHT + margin + names.length * cell + 8,
      marginLeft: margin,
      marginRight: width - margin - names.length * cell,
      marginTop: HEADING_HEIGHT,
      marginBottom: margin + 8,
      color: colour,
      x: { domain: names, tickRotate: -90, label: null, padding: 0.04 },
      y: { domain: names, label: null, padding: 0.04 },
      marks: [
        Plot.frame({ stroke: '#ccc' }),
        Plot.cell(cells, { x: 'to', y: 'from', fill: 'distance' }),
        ...(withFigures
          ? [
              Plot.text(cells, {
                x: 'to',
                y: 'from',
                text: ({ distance }: { distance: number }) => distance.toFixed(2),
                fill: ({ distance }: { distance: number }) =>
                  distance < (domain[0] + domain[1]) / 2 ? 'white' : 'black',
                fontSize: 9,
              }),
            ]
          : []),
      ],
    },
    heading,
    steps.map((distance) => ({ label: distance.toFixed(2), colour: String(scale.apply(distance)) })),
  );
}
