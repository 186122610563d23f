import { describe, expect, it } from 'vitest';

import type { PackedTokens } from '../../../src/native/packed-tokens.js';
import { TokenTable } from '../../../src/training/token-table.js';
import type { TrainingSet } from '../../../src/training/training-set.js';
import { splitValidation, Validation } from '../../../src/training/validation.js';

/** Two sources of 3 and 2 value ids on 40 questions each; the one token of every text is its label. */
function makeSet(): TrainingSet {
  const rows = [0, 1].flatMap((source) =>
    Array.from({ length: 40 }, (_, q) => q).flatMap((q) =>
      Array.from({ length: 3 - source }, (_, label) => ({ source, label, group: `s${source}-q${q}` })),
    ),
  );
  const tokens = new TokenTable([], [], 8);
  tokens.append({
    ids: Int32Array.from(rows, ({ label }) => label),
    offsets: Int32Array.from({ length: rows.length + 1 }, (_, i) => i),
  });
  return {
    rows: rows.length,
    labels: Int32Array.from(rows, ({ label }) => label),
    names: ['a$eng', 'b$eng', 'c$eng'],
    sources: Int32Array.from(rows, ({ source }) => source),
    sourceNames: ['one', 'two'],
    qids: rows.map(({ group }) => group),
    groups: rows.map(({ group }) => group),
    tokens,
  };
}

const set = makeSet();
/** Vectors that tell all labels apart, and vectors that tell nothing. */
const separating = (texts: PackedTokens): Promise<Float32Array> =>
  Promise.resolve(Float32Array.from(texts.ids, (id) => id));
const blind = (texts: PackedTokens): Promise<Float32Array> => Promise.resolve(new Float32Array(texts.ids.length));

describe('splitValidation', () => {
  it('holds out whole questions, about their share, and leaves every value id of every source rows to train on', () => {
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

  it('is the mean over the sources, against the mean of their chances', async () => {
    const validation = Validation.create(set, test, 1000, 5);
    expect(validation.rows).toBe(test.length);
    const result = await validation.run(separating, 1);
    expect(result).toEqual({ balancedAccuracy: 1, chance: (1 / 3 + 1 / 2) / 2, sources: { one: 1, two: 1 } });
    const guess = await validation.run(blind, 1);
    expect(guess.sources['one']).toBeCloseTo(1 / 3, 6);
    expect(guess.sources['two']).toBeCloseTo(1 / 2, 6);
    expect(guess.balancedAccuracy).toBeCloseTo(5 / 12, 6);
  });

  it('embeds no more rows than allowed, spread over the sources', async () => {
    const validation = Validation.create(set, test, 40, 5);
    expect(validation.rows).toBe(40);
    expect(Object.keys((await validation.run(separating, 1)).sources)).toEqual(['one', 'two']);
  });

  it('needs two value ids on two questions', () => {
    const alone = test.filter((row) => set.labels[row] === 0);
    expect(() => Validation.create(set, alone, 100, 5)).toThrow(expect.objectContaining({ code: 'ERR_ARG_RANGE' }));
  });
});
