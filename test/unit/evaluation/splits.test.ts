import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type Split, splitByQuestion, splitByRow } from '../../../src/evaluation/splits.js';

const NAMES = ['a', 'b', 'c', 'd', 'e'];
const share = fc.double({ min: 0.05, max: 0.95, noNaN: true });
const rows = fc.array(fc.record({ label: fc.nat({ max: 4 }), group: fc.nat({ max: 12 }) }), {
  minLength: 2,
  maxLength: 120,
});

function expectPartition({ train, test }: Split, length: number): void {
  expect(Int32Array.from([...train, ...test]).toSorted()).toEqual(Int32Array.from({ length }, (_, row) => row));
  expect(train).toEqual(train.toSorted());
  expect(test).toEqual(test.toSorted());
}

describe('splitByRow', () => {
  it('tests the share of each label, at least one row and never all', () => {
    const counts = fc.array(fc.integer({ min: 2, max: 40 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(counts, share, fc.nat(), (sizes, testShare, seed) => {
        const labels = Int32Array.from(sizes.flatMap((size, label) => new Array<number>(size).fill(label)));
        const split = splitByRow(labels, NAMES.slice(0, sizes.length), testShare, seed);
        expectPartition(split, labels.length);
        sizes.forEach((size, label) => {
          const tested = split.test.filter((row) => labels[row] === label).length;
          expect(tested).toBe(Math.min(Math.max(Math.round(size * testShare), 1), size - 1));
        });
        expect(splitByRow(labels, NAMES.slice(0, sizes.length), testShare, seed)).toEqual(split);
      }),
    );
  });

  it('depends on the seed', () => {
    const labels = new Int32Array(100);
    expect(splitByRow(labels, ['a'], 0.25, 1)).not.toEqual(splitByRow(labels, ['a'], 0.25, 2));
  });

  it('names a label with a single row', () => {
    expect(() => splitByRow(Int32Array.of(0, 0, 1), ['a', 'b'], 0.25, 1)).toThrow('got one of "b"');
  });
});

describe('splitByQuestion', () => {
  it('keeps groups together and every label in the training rows', () => {
    fc.assert(
      fc.property(rows, share, fc.nat(), (entries, testShare, seed) => {
        const labels = Int32Array.from(entries, ({ label }) => label);
        const groups = entries.map(({ group }) => `q${group}`);
        let split: Split;
        try {
          split = splitByQuestion(labels, groups, testShare, seed);
        } catch (error) {
          // Only possible if every group has all rows of some label.
          expect(error).toMatchObject({ code: 'ERR_ARG_RANGE' });
          for (const group of new Set(groups)) {
            const inside = new Set(entries.filter((_, row) => groups[row] === group).map(({ label }) => label));
            const outside = new Set(entries.filter((_, row) => groups[row] !== group).map(({ label }) => label));
            expect([...inside].some((label) => !outside.has(label))).toBe(true);
          }
          return;
        }
        expectPartition(split, labels.length);
        const trainGroups = new Set(Array.from(split.train, (row) => groups[row]));
        const testGroups = new Set(Array.from(split.test, (row) => groups[row]));
        for (const group of testGroups) expect(trainGroups).not.toContain(group);
        expect(new Set(Array.from(split.train, (row) => labels[row]))).toEqual(new Set(labels));
        expect(testGroups.size).toBeLessThanOrEqual(Math.max(1, Math.round(new Set(groups).size * testShare)));
        expect(splitByQuestion(labels, groups, testShare, seed)).toEqual(split);
      }),
    );
  });

  it('reaches the share if every label answers every question', () => {
    const labels = Int32Array.from({ length: 400 }, (_, row) => row % 4);
    const groups = Array.from({ length: 400 }, (_, row) => `q${Math.floor(row / 4)}`);
    const { test } = splitByQuestion(labels, groups, 0.25, 5);
    expect(test).toHaveLength(100);
    expect(splitByQuestion(labels, groups, 0.25, 6).test).not.toEqual(test);
  });

  it('chooses the same questions for any order of the rows', () => {
    const labels = Int32Array.from({ length: 60 }, (_, row) => row % 3);
    const groups = Array.from({ length: 60 }, (_, row) => `q${row % 20}`);
    const chosen = (split: Split, names: string[]): string[] =>
      [...new Set(Array.from(split.test, (row) => names[row]!))].sort();
    const reversed = groups.toReversed();
    expect(chosen(splitByQuestion(labels.toReversed(), reversed, 0.3, 1), reversed)).toEqual(
      chosen(splitByQuestion(labels, groups, 0.3, 1), groups),
    );
  });

  it('reports that no question can be held out', () => {
    expect(() => splitByQuestion(Int32Array.of(0, 1), ['p', 'q'], 0.25, 1)).toThrow(
      'Expected a question that can be held out, got none among 2:',
    );
    expect(() => splitByQuestion(Int32Array.of(0, 1), ['p', 'p'], 0.25, 1)).toThrow(
      'Expected a question that can be held out, got none among 1:',
    );
  });
});
