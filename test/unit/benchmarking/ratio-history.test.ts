import { describe, expect, it } from 'vitest';

import { plotRatioHistory, pointsOf, readRatioHistory } from '../../../src/benchmarking/ratio-history.js';
import { GitProject } from '../../support/git-project.js';

const results = (ratio: number | null): string =>
  JSON.stringify({ machine: { variant: 'AVX2' }, results: [{ name: 'parse', sizes: { n: 10 }, ratio }] });

describe('the history of ratios', () => {
  it('has a point per commit that changed a results file, oldest first', async () => {
    const project = new GitProject();
    const first = project.commit({ 'bench/results/parse-AVX2.json': results(1.5) });
    project.commit({ other: '' });
    const second = project.commit({ 'bench/results/parse-AVX2.json': results(2), 'bench/results/proof.json': '{"outcomes":[]}' });
    const points = await readRatioHistory(project.root, 'bench/results');
    expect(points.map(({ series, ratio, at }) => ({ series, ratio, at }))).toEqual([
      { series: 'parse 10, AVX2', ratio: 1.5, at: 0 },
      { series: 'parse 10, AVX2', ratio: 2, at: 1 },
    ]);
    expect(points.map(({ commit }, i) => [first, second][i]!.startsWith(commit))).toEqual([true, true]);
    const svg = plotRatioHistory(points);
    for (const text of ['parse 10, AVX2', points[0]!.commit, '2.00']) expect(svg).toContain(text);
    expect(plotRatioHistory(points)).toBe(svg);
  });

  it('leaves out benchmarks without a peer', () => {
    expect(pointsOf(results(null), 'parse-AVX2', 'abc', 0)).toEqual([]);
  });
});
