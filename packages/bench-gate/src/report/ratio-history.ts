/** Reads and plots the ratios of committed results over the commits that changed them. */

import { basename } from 'node:path';

import { git } from '../base/git.js';
import { drawChart } from './chart.js';
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

/** Plots one row per benchmark: its ratios to its peer over the commits, with one colour per variant of machine. */
export function plotRatioHistory(points: readonly RatioPoint[]): string {
  const commits = [...new Map(points.map(({ at, commit }) => [at, commit])).entries()].sort(([a], [b]) => a - b);
  const benchmarks = [...new Set(points.map(({ benchmark }) => benchmark))].sort();
  return drawChart({
    title: 'Speed relative to the peer, by commit of the results',
    subtitle: 'rate of the subject / rate of the named peer in the same run; logarithmic, one scale per row',
    ticks: commits.map(([, commit]) => commit),
    format: (ratio) => ratio.toFixed(2),
    rows: benchmarks.map((label) => {
      const own = points.filter(({ benchmark }) => benchmark === label);
      const lines = [...new Set(own.map(({ variant }) => variant))].sort().map((variant) => ({
        label: variant,
        points: own
          .filter((point) => point.variant === variant)
          .map(({ at, ratio }) => ({ at: commits.findIndex(([other]) => other === at), value: ratio })),
      }));
      return { label, lines };
    }),
  });
}
