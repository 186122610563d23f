import { describe, expect, it } from 'vitest';

import type { ComparisonMatrix } from '../../../src/comparison/compare-all.js';
import type { Comparison, PairTest } from '../../../src/comparison/compare-answers.js';
import type { QuestionDifference } from '../../../src/comparison/question-differences.js';
import { comparisonPage } from '../../../src/comparison/report/comparison-page.js';
import { heatMap } from '../../../src/comparison/report/heat-map.js';
import { matrixPage } from '../../../src/comparison/report/matrix-page.js';

const EVIL = `</title><script>alert("x")</script><img src=x onerror='alert(1)'>&amp;`;

const pair = (a: string, b: string, distance: number): PairTest => ({
  names: [a, b],
  questions: 20,
  groups: 20,
  answers: 60,
  leftOut: [0, 0],
  difference: {
    distance,
    interval: { low: distance / 2, high: 2 * distance },
    share: 0.1,
    p: 0.04,
    draws: 999,
    sufficient: { questions: 12, power: 0.8, alpha: 0.05 },
  },
  classifier: { classifier: EVIL, accuracy: 0.75, interval: null, folds: 5 },
});

const difference: QuestionDifference = {
  qid: EVIL,
  question: EVIL,
  group: EVIL,
  samples: 3,
  apart: 1.25,
  within: 1,
  excess: 0.25,
  p: 0.1,
  adjustedP: 0.2,
  answers: [EVIL, 'long '.repeat(10)],
};

const comparison = (own: Partial<QuestionDifference> = {}): Comparison => ({
  ...pair(EVIL, 'b', 0.4),
  sharesLanguage: own.excess !== null,
  hasSamples: own.excess !== null,
  questionDifferences: [{ ...difference, ...own }],
  phrases: [
    [
      {
        phrase: `\n\n${EVIL}`,
        z: 4.25,
        answers: [30, 2],
        example: { qid: EVIL, before: EVIL, match: EVIL, after: EVIL },
      },
    ],
    [],
  ],
});

const matrix: ComparisonMatrix = {
  names: [EVIL, 'far', 'near'],
  pairs: [
    { ...pair(EVIL, 'far', 1), sides: [0, 1], adjustedP: 0.01 },
    { ...pair(EVIL, 'near', 0.1), sides: [0, 2], adjustedP: 0.2 },
  ],
  missing: [[1, 2]],
  merges: [
    { clusters: [0, 2], height: 0.1, size: 2 },
    { clusters: [1, 3], height: 0.8, size: 3 },
  ],
  order: [1, 0, 2],
};

describe('reports of comparisons', () => {
  it('escape all texts, and allow neither scripts nor requests', () => {
    for (const parts of [
      comparisonPage(comparison(), { encoder: EVIL, note: EVIL }),
      matrixPage(matrix, { encoder: EVIL, note: EVIL }),
    ]) {
      const html = parts.join('');
      expect(html).not.toMatch(/<script|<img|onerror='/);
      expect(html).toContain("default-src 'none'");
      expect(html).not.toMatch(/https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
      expect(html.match(/<main>|<\/main>/g)).toHaveLength(2);
    }
  });

  it('say how small p values can be with few samples, or that one answer cannot show chance', () => {
    const page = (own?: Partial<QuestionDifference>): string =>
      comparisonPage(comparison(own), { encoder: 'e' }).join('');
    expect(page()).toContain('With 3 answers of each side, no p value can be smaller than 0.100');
    const single = page({ samples: 1, within: null, excess: null, p: null, adjustedP: null });
    expect(single).toContain('With one answer of each side to most questions');
    expect(single).toContain('1.250 apart');
    expect(page()).not.toContain('different languages');
    expect(single).toContain('different languages'); // the second comparison is also one of languages
  });

  it('cut long texts', () => {
    const html = comparisonPage(comparison(), { encoder: 'e', textLength: 9 }).join('');
    expect(html).toContain('>long lon…<');
  });

  it('draw pairs in the order of the tree, marked if no difference was found', () => {
    const svg = heatMap(matrix);
    const labels = [...svg.matchAll(/text-anchor="end">([^<]*)</g)].map(([, label]) => label).slice(0, 3);
    expect(labels.map((label) => label!.slice(0, 4))).toEqual(['far', '&lt;', 'near']);
    expect(svg.match(/<g><rect [^>]*fill="#12355f"\/><title>/g)).toHaveLength(2); // the largest distance, unmarked
    expect(svg.match(/<g><rect [^>]*><circle /g)).toHaveLength(2);
    expect(svg.match(/fill="none" stroke="#8888"/g)).toHaveLength(2); // the missing pair
  });

  it('draw a name as long as a text, cut', () => {
    const names = ['\u{1f600}'.repeat(2 ** 17), ...matrix.names.slice(1)];
    expect(heatMap({ ...matrix, names })).toMatch(/>(\u{1f600}){10,30}…</u);
  });

  it.each([
    ['an order that has a side twice', { order: [0, 0, 1] }],
    ['a tree that merges a cluster before it exists', { merges: [matrix.merges[1]!, matrix.merges[0]!] }],
    ['a pair of an unknown side', { pairs: [{ ...matrix.pairs[0]!, sides: [0, 3] as const }] }],
    ['a distance of NaN', { pairs: [{ ...matrix.pairs[0]!, ...pair('a', 'b', NaN) }] }],
  ])('refuse %s', (_, own) => {
    expect(() => heatMap({ ...matrix, ...own })).toThrow(/^Expected .* for "matrix\./);
  });
});
