import { describe, expect, it } from 'vitest';

import { byLanguage, marginOf } from '../../../bench/evidence/encoder-tables.js';
import { shuffleWithinGroups, withoutThemselves } from '../../../bench/evidence/fitted.js';
import { scoreOf } from '../../../bench/evidence/methods.js';
import { sampleThemes, sampleValueIds, splitSource, themeInSource } from '../../../bench/evidence/sources.js';
import type { QaRecord } from '../../../src/records/record.js';

/** Answers of models with the given numbers of answers, to one question after the other. */
function answersOf(counts: Record<string, number>): QaRecord[] {
  return Object.entries(counts).flatMap(([model, count]) =>
    Array.from({ length: count }, (_, q) => {
      const qid = `q${q}`;
      return { qid, group: qid, question: 'q', answer: `${model} ${q}`, model, lang: 'eng' };
    }),
  );
}

describe('sources', () => {
  it.each([
    ['dna-630-original', 'dna-630-jailbreak'],
    ['pct-pc-15-templ-20-jail-09', 'pcenfr-15-3'],
    ['bb1-god_exists-neutral-indirect', 'bb1-god_exists-agree-direct'],
    ['sycon-debate-024-p2-t1', 'sycon-debate-024-p0-t2'],
    ['debate-prop_0112-pro-rebuttal2', 'debate-prop_0112-con-opening'],
    ['ushard-environment_dismiss_urgency2', 'ushard-environment_dismiss_urgency1'],
    ['jmtb-21-t2', 'jmtb-21-t1'],
  ])('%s and %s have one theme', (one, other) => expect(themeInSource(one)).toBe(themeInSource(other)));

  it.each([
    ['dna-63-original', 'dna-630-original'],
    ['bb1-god_exists-neutral-direct', 'bb1-death_penalty-neutral-direct'],
    ['sycon-debate-024-p2-t1', 'sycon-debate-025-p2-t1'],
    ['just-lima-578', 'just-lima-57'],
  ])('%s and %s have different themes', (one, other) => expect(themeInSource(one)).not.toBe(themeInSource(other)));

  it('keep complete themes up to the limit', () => {
    const sampled = sampleThemes(answersOf({ a: 20, b: 20, c: 20 }), 31);
    const sizes = new Map<string, number>();
    for (const { qid } of sampled) sizes.set(qid, (sizes.get(qid) ?? 0) + 1);
    expect([...sizes.values()]).toEqual(Array<number>(10).fill(3));
  });

  it('keep value ids with enough answers, whatever the order of the rows', () => {
    const records = answersOf({ a: 16, b: 15, c: 17, d: 30 });
    const idsOf = (rows: QaRecord[]): string[] => [...new Set(rows.map(({ model }) => model))].sort();
    expect(idsOf(sampleValueIds(records, Infinity))).toEqual(['a', 'c', 'd']);
    const chosen = idsOf(sampleValueIds(records, 2));
    expect(chosen).toHaveLength(2);
    expect(idsOf(sampleValueIds(records.toReversed(), 2))).toEqual(chosen);
  });

  it('are split by theme, differently for every seed', () => {
    const records = answersOf({ a: 20, b: 20 });
    const rows = {
      name: 's',
      records,
      labels: records.map(({ model }) => model),
      groups: records.map(({ qid }) => qid),
    };
    const [one, other] = [1, 2].map((seed) => splitSource(rows, seed).split.test.map((row) => row % 20));
    expect(one!.slice(0, 5)).toEqual(one!.slice(5));
    expect(one).not.toEqual(other);
  });
});

it('shuffleWithinGroups moves labels only within a group', () => {
  const groups = Array.from({ length: 60 }, (_, row) => `g${row % 2}`);
  const labels = groups.map((group, row) => `${group} ${row}`);
  const shuffled = shuffleWithinGroups(labels, groups, 1);
  expect(shuffled).not.toEqual(labels);
  expect(shuffled.every((label, row) => label.startsWith(groups[row]!))).toBe(true);
  expect(shuffled.toSorted()).toEqual(labels.toSorted());
});

it('withoutThemselves removes the own row, or the furthest neighbour', () => {
  const labels = Int32Array.from([2, 0, 1, 0, 1, 2, 0, 1, 3]);
  const distances = Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(withoutThemselves({ labels, distances, k: 3 })).toEqual({
    labels: Int32Array.from([2, 1, 0, 2, 0, 1]),
    distances: Float32Array.from([1, 3, 4, 6, 7, 8]),
    k: 2,
  });
});

it('scoreOf is the mean recall of the labels, whatever their sizes', () => {
  const score = scoreOf(['a', 'a', 'a', 'b'], ['a', 'a', 'b', 'a']);
  expect(score.recalls).toEqual({ a: 2 / 3, b: 0 });
  expect(score.balancedAccuracy).toBeCloseTo(1 / 3);
});

it('byLanguage averages value ids within a source, then sources, and leaves out sources of one language', () => {
  const scored = (...recalls: Record<string, number>[]) => ({
    scores: { fitted10: recalls.map((own) => ({ balancedAccuracy: 0, recalls: own })) },
  });
  const figures = byLanguage([
    scored({ a$eng: 1, b$eng: 0, a$fra: 1 }, { a$eng: 0.5, a$fra: 0 }),
    scored({ a$eng: 0, a$fra: 1 }),
    scored({ a$eng: 1 }),
  ]);
  expect(figures).toEqual([
    { language: 'eng', sources: 2, valueIds: 3, balancedAccuracy: { fitted10: 0.25 } },
    { language: 'fra', sources: 2, valueIds: 2, balancedAccuracy: { fitted10: 0.75 } },
  ]);
});

it('byLanguage has no figure for a column that tested no answer of the language', () => {
  const score = (recalls: Record<string, number>) => [{ balancedAccuracy: 0, recalls }];
  const scores = { tfidf10: score({ a$eng: 1, a$fra: 0.5 }), mini10: score({ a$eng: 0.25 }) };
  expect(byLanguage([{ scores }])).toMatchObject([
    { language: 'eng', balancedAccuracy: { tfidf10: 1, mini10: 0.25 } },
    { language: 'fra', balancedAccuracy: { tfidf10: 0.5, mini10: null } },
  ]);
});

it('marginOf compares only seeds that both columns have', () => {
  const scores = (...shares: number[]) => shares.map((balancedAccuracy) => ({ balancedAccuracy, recalls: {} }));
  expect(marginOf(scores(0.5, 0.9, 0.9), scores(0.4))).toBeCloseTo(0.1);
});
