import { describe, expect, it } from 'vitest';

import type { TrainingColumns } from '../../../src/training/training-columns.js';
import { splitValidation, Validation } from '../../../src/training/validation.js';

/** Two sources of 3 and 2 value ids on 40 questions each. */
function makeSet(): TrainingColumns {
  const rows = [0, 1].flatMap((source) =>
    Array.from({ length: 40 }, (_, q) => q).flatMap((q) =>
      Array.from({ length: 3 - source }, (_, label) => ({ source, label, group: `s${source}-q${q}` })),
    ),
  );
  return {
    rows: rows.length,
    labels: Int32Array.from(rows, ({ label }) => label),
    names: ['a$eng', 'b$eng', 'c$eng'],
    sources: Int32Array.from(rows, ({ source }) => source),
    sourceNames: ['one', 'two'],
    qids: rows.map(({ group }) => group),
    groups: rows.map(({ group }) => group),
  };
}

const set = makeSet();
/** Vectors that separate all labels, and vectors that separate none. */
const separating = (rows: Int32Array): Promise<Float32Array> =>
  Promise.resolve(Float32Array.from(rows, (row) => set.labels[row]!));
const blind = (rows: Int32Array): Promise<Float32Array> => Promise.resolve(new Float32Array(rows.length));

describe('splitValidation', () => {
  it('holds out about the share of questions, and keeps training rows for all value ids of all sources', () => {
    const { train, test } = splitValidation(set, 0.25, 3);
    const asked = new Set(Array.from(train, (row) => set.groups[row]));
    expect(Array.from(test, (row) => set.groups[row]).filter((group) => asked.has(group))).toEqual([]);
    expect(new Set(Array.from(test, (row) => set.groups[row])).size).toBe(20);
    expect(train.length + test.length).toBe(set.rows);
    expect(new Set(Array.from(train, (row) => `${set.labels[row]!} ${set.sources[row]!}`)).size).toBe(5);
  });
});

describe('Validation', () => {
  const { test } = splitValidation(set, 0.5, 4);

  it('averages accuracy and chance over the sources', async () => {
    const validation = Validation.create(set, test, 1000, 5);
    expect(validation.rows.length).toBe(test.length);
    const result = await validation.run(separating, 1);
    expect(result).toEqual({ balancedAccuracy: 1, chance: (1 / 3 + 1 / 2) / 2, sources: { one: 1, two: 1 } });
    const guess = await validation.run(blind, 1);
    expect(guess.sources['one']).toBeCloseTo(1 / 3, 6);
    expect(guess.sources['two']).toBeCloseTo(1 / 2, 6);
    expect(guess.balancedAccuracy).toBeCloseTo(5 / 12, 6);
  });

  it('embeds at most the allowed number of rows, spread over the sources', async () => {
    const validation = Validation.create(set, test, 40, 5);
    expect(validation.rows.length).toBe(40);
    expect(Object.keys((await validation.run(separating, 1)).sources)).toEqual(['one', 'two']);
  });

  it('needs two value ids on two questions', () => {
    const alone = test.filter((row) => set.labels[row] === 0);
    expect(() => Validation.create(set, alone, 100, 5)).toThrow(expect.objectContaining({ code: 'ERR_ARG_RANGE' }));
  });
});
