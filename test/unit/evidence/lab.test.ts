import { readdirSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { Cache } from '../../../bench/evidence/cache.js';
import { WordVectors } from '../../../bench/evidence/glove.js';
import { halfWidth } from '../../../bench/evidence/identify-answers.js';
import { quote, replaceSection, table } from '../../../bench/evidence/pages.js';
import { averages, drawViews } from '../../../bench/evidence/parts/views.js';
import { modelsLeftOut, testedGroups, trainingRows, type ValueSet } from '../../../bench/evidence/value-sets.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

describe('Cache', () => {
  it('computes once for equal settings, and again for other settings', async () => {
    const folder = temporaryFolder();
    let computed = 0;
    const step = (settings: unknown) =>
      new Cache(folder).json('step', settings, () => Promise.resolve((computed += 1)));
    expect([await step({ a: 1 }), await step({ a: 1 }), await step({ a: 2 }), await step({ a: 1 })]).toEqual([
      1, 1, 2, 1,
    ]);
  });

  it('returns matrices bit for bit', async () => {
    const folder = temporaryFolder();
    const values = Float32Array.from([1.5, -0, 1e-42, 3]).subarray(1);
    await new Cache(folder).floats('m', 1, () => Promise.resolve(values));
    const again = await new Cache(folder).floats('m', 1, () => Promise.reject(new Error('computed again')));
    expect(again).toEqual(values);
  });

  it('stores nothing of a failed step', async () => {
    const folder = temporaryFolder();
    await expect(new Cache(folder).json('step', 1, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('pages', () => {
  it('replaces only the text between the markers', () => {
    expect(replaceSection('a\n<!-- x: begin -->\nold\n<!-- x: end -->\nb', 'x', 'new $& \n', 'p')).toBe(
      'a\n<!-- x: begin -->\nnew $&\n<!-- x: end -->\nb',
    );
  });

  it('rejects a page without the markers', () =>
    expect(() => replaceSection('a', 'x', 'new', 'page.md')).toThrow('page.md must have one pair'));

  it('aligns text left and figures right', () =>
    expect(table(['a', 'b', 'c'], [['x', 'y', '1']], 2)).toBe('| a | b | c |\n| --- | --- | ---: |\n| x | y | 1 |\n'));

  it('quotes foreign text on one line without Markdown', () => {
    expect(quote('# a|b\n*c* <d>', 40)).toBe('\\# a\\|b \\*c\\* \\<d\\>');
    expect(quote('ab😀cd', 3)).toBe('ab😀 …');
  });
});

it('halfWidth of a mean shrinks with the number of figures, that of a difference grows', () => {
  const interval = { low: 0.4, high: 0.6 };
  expect(halfWidth([interval, interval, interval, interval], 'mean')).toBeCloseTo(0.05);
  expect(halfWidth([interval, interval], 'sum')).toBeCloseTo(0.1 * Math.SQRT2);
});

it('WordVectors average known words at unit length', () => {
  const vectors = new WordVectors(
    new Map([
      ['law', [3, 0]],
      ["don't", [0, 4]],
      ['!', [0, 0]],
    ]),
    2,
  );
  const [a, b] = [vectors.average(["Law, unknown: LAW don't!"]), vectors.average(['unknown'])];
  expect([...a].map((value) => value.toFixed(4))).toEqual([
    (6 / Math.hypot(6, 4)).toFixed(4),
    (4 / Math.hypot(6, 4)).toFixed(4),
  ]);
  expect([...b]).toEqual([0, 0]);
});

/** Models a to d, each with one answer to each of `questions` questions, the last half of which is tested. */
function someSet(name: string, questions: number, prefix = 'q'): ValueSet {
  const records = Array.from({ length: questions }, (_, q) => q).flatMap((q) =>
    ['a', 'b', 'c', 'd'].map((model) => ({
      qid: `${prefix}${q}`,
      group: `${prefix}${q}`,
      question: 'q',
      answer: `${model} on ${q}`,
      model,
      lang: 'eng',
    })),
  );
  const rows = Int32Array.from(records.keys());
  const half = (4 * questions) / 2;
  return {
    name,
    records,
    labels: records.map(({ model }) => `${model}$eng`),
    groups: records.map(({ group }) => group),
    split: { train: rows.slice(0, half), test: rows.slice(half) },
  };
}

describe('views', () => {
  it('have answers of one value id to different tested questions', () => {
    const set = someSet('s', 12);
    const drawn = drawViews(set, 5);
    expect(drawn).toHaveLength(24);
    for (const { label, rows } of drawn) {
      expect(rows).toHaveLength(5);
      expect(new Set(rows.map((row) => set.groups[row])).size).toBe(5);
      expect(rows.every((row) => set.labels[row] === label && set.split.test.includes(row))).toBe(true);
    }
    expect(drawViews(set, 7)).toEqual([]);
  });

  it('are averaged to unit length', () => {
    const vectors = averages({ dim: 2, embeddings: Float32Array.from([1, 0, 0, 1, -1, 0]) }, [[0, 1], [2]]);
    expect([...vectors].map((value) => value.toFixed(3))).toEqual(['0.707', '0.707', '-1.000', '0.000']);
  });
});

describe('trainingRows', () => {
  it('have no tested theme of any set and no left-out model', () => {
    const one = someSet('one', 8);
    const two = { ...someSet('two', 8), groups: one.groups.map((group) => (group === 'q1' ? 'q7' : group)) };
    two.records = two.records.map((record, i) => ({ ...record, group: two.groups[i]! }));
    const leftOut = modelsLeftOut([one, two]);
    expect(leftOut).toEqual(['c']);
    const rows = trainingRows([one, two], testedGroups([one, two]), { without: leftOut });
    expect(new Set(rows.get('one')!.map(({ qid }) => qid))).toEqual(new Set(['q0', 'q1', 'q2', 'q3']));
    expect(new Set(rows.get('two')!.map(({ qid }) => qid))).toEqual(new Set(['q0', 'q2', 'q3']));
    expect(new Set([...rows.values()].flat().map(({ model }) => model))).toEqual(new Set(['a', 'b', 'd']));
    expect(trainingRows([one], testedGroups([one]), { limit: 8 }).get('one')).toHaveLength(8);
  });
});
