/** The ratios of committed results over the commits that changed them, and their picture. */
import * as Plot from '@observablehq/plot';
import { basename } from 'node:path';

import { HEADING_HEIGHT, renderSvg, textWidth } from '../plots/svg.js';
import { git } from './git.js';
import type { ResultsFile } from './results-file.js';

export interface RatioPoint {
  /** Benchmark with sizes, and the variant of the machine. */
  series: string;
  /** Abbreviated id of the commit of the results. */
  commit: string;
  /** Position of that commit among those that changed any of the files, from 0. */
  at: number;
  ratio: number;
}

/** Commits that are looked at, newest first. */
const MAX_COMMITS = 40;

/** @param folder with results files, relative to the root */
export async function readRatioHistory(root: string, folder: string, signal?: AbortSignal): Promise<RatioPoint[]> {
  const log = await git(root, ['log', `-${MAX_COMMITS}`, '--format=%h', '--', folder], signal);
  const commits = log.split('\n').filter((line) => line !== '').reverse();
  const points: RatioPoint[] = [];
  for (const [at, commit] of commits.entries()) {
    const changed = await git(root, ['diff-tree', '--root', '--no-commit-id', '--name-only', '--diff-filter=d', '-r', commit, '--', folder], signal);
    for (const path of changed.split('\n').filter((name) => name.endsWith('.json'))) {
      points.push(...pointsOf(await git(root, ['show', `${commit}:${path}`], signal), basename(path, '.json'), commit, at));
    }
  }
  return points;
}

/** Ratios of one results file; none of a file in another format. */
export function pointsOf(text: string, file: string, commit: string, at: number): RatioPoint[] {
  const { results, machine } = JSON.parse(text) as Partial<ResultsFile>;
  if (!Array.isArray(results)) return [];
  const variant = machine?.variant ?? file;
  return results.flatMap(({ name, sizes, ratio }) =>
    typeof ratio === 'number' && ratio > 0 ? [{ series: `${name} ${Object.values(sizes).join(' x ')}, ${variant}`, commit, at, ratio }] : [],
  );
}

const ROW_HEIGHT = 54;

/** A row per benchmark: its ratio to its peer, on a scale of its own, over the commits. */
export function plotRatioHistory(points: readonly RatioPoint[]): string {
  const series = [...new Set(points.map((point) => point.series))].sort();
  const commits = [...new Map(points.map(({ at, commit }) => [at, commit])).entries()].sort(([a], [b]) => a - b);
  const marginRight = 24 + Math.max(0, ...series.map((name) => textWidth(name, 11)));
  const latest = series.map((name) => points.filter((point) => point.series === name).at(-1)!);
  return renderSvg(
    {
      width: 420 + marginRight,
      height: HEADING_HEIGHT + 70 + series.length * ROW_HEIGHT,
      marginTop: HEADING_HEIGHT,
      marginLeft: 24,
      marginRight,
      marginBottom: 70,
      x: { type: 'point', domain: commits.map(([at]) => at), tickFormat: (at: number) => commits.find(([other]) => other === at)?.[1] ?? '', tickRotate: -60, label: null },
      y: { type: 'log', axis: null, inset: 8 },
      fy: { domain: series, label: null, axis: 'right' },
      marks: [
        Plot.frame({ stroke: '#eee' }),
        Plot.ruleY([1], { stroke: '#c00000', strokeDasharray: '4,3' }),
        Plot.line(points, { fy: 'series', x: 'at', y: 'ratio', stroke: '#0072b2', strokeWidth: 2 }),
        Plot.dot(points, { fy: 'series', x: 'at', y: 'ratio', fill: '#0072b2', r: 3 }),
        Plot.text(latest, { fy: 'series', x: 'at', y: 'ratio', text: ({ ratio }: RatioPoint) => ratio.toFixed(2), dy: -10, fontWeight: 'bold' }),
      ],
    },
    { title: 'Speed beside the peer, by commit of the results', subtitle: 'rate of univar / rate of the named peer in the same run; logarithmic; dashed: equal' },
    [],
  );
}
