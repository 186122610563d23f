/** Reads and plots the ratios of committed results over the commits that changed them. */

import { basename } from 'node:path';

import { Plot } from '../plots/observable-plot.js';

import { HEADING_HEIGHT, renderSvg } from '../plots/svg.js';
import { textWidth } from '../plots/text-width.js';
import { git } from './git.js';
import type { ResultsFile } from './results-file.js';

export interface RatioPoint {
  /** Name with its sizes. */
  benchmark: string;
  /** Variant of the machine. */
  variant: string;
  /** Abbreviated id of the commit that changed the results. */
  commit: string;
  /** Position of this commit among those that changed any of the files, from 0. */
  at: number;
  ratio: number;
}

/** Maximum number of commits to read, newest first. */
const MAX_COMMITS = 40;

/**
 * Reads the ratios of all files that still exist. A removed or renamed file is left out, because its figures were wrong
 * or have moved.
 *
 * @param folder folder of results files, relative to the root
 */
export async function readRatioHistory(root: string, folder: string, signal?: AbortSignal): Promise<RatioPoint[]> {
  const log = await git(root, ['log', `-${MAX_COMMITS}`, '--format=%h', '--', folder], signal);
  const commits = log
    .split('\n')
    .filter((line) => line !== '')
    .reverse();
  const present = new Set(
    (await git(root, ['ls-tree', '-r', '--name-only', 'HEAD', '--', folder], signal)).split('\n'),
  );
  const points: RatioPoint[] = [];
  for (const [at, commit] of commits.entries()) {
    const changed = await git(
      root,
      ['diff-tree', '--root', '--no-commit-id', '--name-only', '--diff-filter=d', '-r', commit, '--', folder],
      signal,
    );
    for (const path of changed.split('\n').filter((name) => name.endsWith('.json') && present.has(name))) {
      points.push(
        ...pointsOf(await git(root, ['show', `${commit}:${path}`], signal), basename(path, '.json'), commit, at),
      );
    }
  }
  return points;
}

/** Returns the ratios of one results file, `BENCHMARKS-VARIANT`, or none if it has another format. */
export function pointsOf(text: string, file: string, commit: string, at: number): RatioPoint[] {
  const { results } = JSON.parse(text) as Partial<ResultsFile>;
  if (!Array.isArray(results)) return [];
  const variant = file.slice(file.lastIndexOf('-') + 1); // Older files name the variant only in their file name.
  return results.flatMap(({ name, sizes, ratio }) =>
    typeof ratio === 'number' && ratio > 0
      ? [{ benchmark: [name, Object.values(sizes).join(' x ')].join(' ').trim(), variant, commit, at, ratio }]
      : [],
  );
}

const ROW_HEIGHT = 54;
const LABEL_SIZE = 11;

/**
 * Plots one row per benchmark: its ratios to its peer over the commits, with its own scale and one colour per variant
 * of machine.
 */
export function plotRatioHistory(points: readonly RatioPoint[]): string {
  const benchmarks = [...new Set(points.map(({ benchmark }) => benchmark))].sort();
  const variants = [...new Set(points.map(({ variant }) => variant))].sort();
  const commits = [...new Map(points.map(({ at, commit }) => [at, commit])).entries()].sort(([a], [b]) => a - b);
  const marginRight = 24 + Math.max(0, ...benchmarks.map((name) => textWidth(name, LABEL_SIZE)));
  const latest = [...new Map(points.map((point) => [`${point.benchmark} ${point.variant}`, point])).values()];
  const color: Plot.ScaleOptions = { type: 'categorical', domain: variants };
  const colour = Plot.scale({ color });
  const place = { fy: 'benchmark', x: 'at', y: 'ratio' } as const;
  return renderSvg(
    {
      width: 420 + marginRight,
      height: HEADING_HEIGHT + 70 + benchmarks.length * ROW_HEIGHT,
      marginTop: HEADING_HEIGHT,
      marginLeft: 24,
      marginRight,
      marginBottom: 70,
      x: {
        type: 'point',
        domain: commits.map(([at]) => at),
        tickFormat: (at: number) => commits.find(([other]) => other === at)?.[1] ?? '',
        tickRotate: -60,
        label: null,
      },
      y: { type: 'log', axis: null, inset: 8 },
      fy: { domain: benchmarks, label: null, axis: 'right' },
      color,
      marks: [
        Plot.frame({ stroke: '#eee' }),
        Plot.ruleY([1], { stroke: '#c00000', strokeDasharray: '4,3' }),
        Plot.line(points, { ...place, z: 'variant', stroke: 'variant', strokeWidth: 2 }),
        Plot.dot(points, { ...place, fill: 'variant', r: 3 }),
        // Labels above and below, because variants were often measured at the same commit.
        ...[-10, 14].map((dy, i) => {
          const labelled = latest.filter(({ variant }) => variants.indexOf(variant) % 2 === i);
          return Plot.text(labelled, {
            ...place,
            fill: 'variant',
            text: ({ ratio }: RatioPoint) => ratio.toFixed(2),
            dy,
            fontWeight: 'bold',
          });
        }),
      ],
    },
    {
      title: 'Speed relative to the peer, by commit of the results',
      subtitle:
        'rate of univar / rate of the named peer in the same run; logarithmic, one scale per row; dashed: equal',
    },
    variants.map((label) => ({ label, colour: String(colour.apply(label)) })),
  );
}
