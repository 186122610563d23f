import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import {
  plotRatioHistory,
  pointsOf,
  readRatioHistory,
} from '../../../../packages/bench-gate/src/report/ratio-history.js';
import { GitProject } from '../../../support/git-project.js';

const results = (ratio: number | null): string =>
  JSON.stringify({ results: [{ name: 'parse', sizes: { n: 10 }, ratio }] });

describe('the history of ratios', () => {
  it('has one point per commit that changed a results file, oldest first', async () => {
    const project = new GitProject();
    const first = project.commit({ 'bench/results/parse-AVX2.json': results(1.5) });
    project.commit({ other: '' });
    const second = project.commit({
      'bench/results/parse-AVX2.json': results(2),
      'bench/results/proof.json': '{"outcomes":[]}',
    });
    const points = await readRatioHistory(project.root, 'bench/results');
    expect(points.map((point) => ({ ...point, commit: '' }))).toEqual([
      { benchmark: 'parse 10', variant: 'AVX2', ratio: 1.5, at: 0, commit: '' },
      { benchmark: 'parse 10', variant: 'AVX2', ratio: 2, at: 1, commit: '' },
    ]);
    expect(points.map(({ commit }, i) => [first, second][i]!.startsWith(commit))).toEqual([true, true]);
    const svg = plotRatioHistory(points);
    for (const text of ['parse 10', 'AVX2', points[0]!.commit, '2.00']) expect(svg).toContain(text);
    expect(plotRatioHistory(points)).toBe(svg);
  });

  it('leaves out files that were removed or renamed', async () => {
    const project = new GitProject();
    project.commit({ 'bench/results/parse-AVX2.json': results(1.5), 'bench/results/parse-AVX3.json': results(9) });
    rmSync(join(project.root, 'bench/results/parse-AVX3.json'));
    project.commit({ other: '' });
    expect((await readRatioHistory(project.root, 'bench/results')).map(({ ratio }) => ratio)).toEqual([1.5]);
  });

  it('leaves out benchmarks without a peer', () => {
    expect(pointsOf(results(null), 'parse-AVX2', 'abc', 0)).toEqual([]);
  });
});
