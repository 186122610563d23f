import { describe, expect, it } from 'vitest';

import { SeededRandom } from '../../../src/core/random.js';
import { createBatchSampler } from '../../../src/training/batch-samplers.js';

/** Two sources: 4 models on 30 questions, 3 models (2 of them the same) on 20. Row order: source, question, model. */
function columns() {
  const rows = [
    ...Array.from({ length: 120 }, (_, i) => ({ source: 0, question: `a${Math.floor(i / 4)}`, label: i % 4 })),
    ...Array.from({ length: 60 }, (_, i) => ({ source: 1, question: `b${Math.floor(i / 3)}`, label: 2 + (i % 3) })),
  ];
  return {
    set: {
      labels: Int32Array.from(rows, ({ label }) => label),
      sources: Int32Array.from(rows, ({ source }) => source),
      qids: rows.map(({ question }) => question),
      sourceNames: ['a', 'b'],
    },
    all: Int32Array.from(rows.keys()),
  };
}

const { set, all } = columns();

describe.each(['mixed', 'one-source', 'same-questions'] as const)('batches of sampler %s', (name) => {
  const sampler = createBatchSampler(name, set, all, 16);
  const batches = sampler.epoch(new SeededRandom(7));

  it('have no row twice in an epoch, and at most batchSize pairs', () => {
    const rows = batches.flatMap((batch) => [...batch]);
    expect(new Set(rows).size).toBe(rows.length);
    expect(rows.length).toBeGreaterThan(all.length / 2);
    for (const batch of batches) expect(batch.length).toBeLessThanOrEqual(16);
  });

  it('draw views from at least two answers of the value id of the pair', () => {
    for (const batch of batches) {
      for (const row of batch) {
        const pool = sampler.pool(row, batch);
        expect(pool.length).toBeGreaterThan(1);
        for (const other of pool) expect(set.labels[other]).toBe(set.labels[row]);
      }
    }
  });

  it('are the same for the same seed and differ between seeds', () => {
    expect(sampler.epoch(new SeededRandom(7))).toEqual(batches);
    expect(sampler.epoch(new SeededRandom(8))).not.toEqual(batches);
  });
});

const sourcesOf = (rows: Int32Array): Set<number> => new Set(rows.map((row) => set.sources[row]!));

describe('createBatchSampler', () => {
  it('mixes sources, and drops the last partial batch', () => {
    const sampler = createBatchSampler('mixed', set, all, 16);
    const batches = sampler.epoch(new SeededRandom(1));
    expect(batches.length).toBe(Math.floor(all.length / 16));
    expect(batches.some((batch) => sourcesOf(batch).size === 2)).toBe(true);
    // Value id 2 has answers in both sources, and its views come from both.
    expect(sourcesOf(sampler.pool(2, batches[0]!)).size).toBe(2);
  });

  it('uses one source per batch and per pair of views', () => {
    const sampler = createBatchSampler('one-source', set, all, 16);
    for (const batch of sampler.epoch(new SeededRandom(2))) {
      expect(sourcesOf(batch).size).toBe(1);
      for (const row of batch) expect(sourcesOf(sampler.pool(row, batch))).toEqual(sourcesOf(batch));
    }
  });

  it('makes a batch from a source that is smaller than a batch', () => {
    const batches = createBatchSampler('one-source', set, all, 100).epoch(new SeededRandom(3));
    expect(batches.map((batch) => batch.length).sort((a, b) => a - b)).toEqual([60, 100]);
  });

  it('uses the same few questions for all value ids of a batch', () => {
    const sampler = createBatchSampler('same-questions', set, all, 16);
    for (const batch of sampler.epoch(new SeededRandom(4))) {
      expect(sourcesOf(batch).size).toBe(1);
      const questions = [...new Set(Array.from(batch, (row) => set.qids[row]!))].sort();
      expect(questions.length).toBeLessThanOrEqual(6);
      for (const row of batch) {
        const pool = sampler.pool(row, batch);
        expect(Array.from(pool, (other) => set.qids[other]!).sort()).toEqual(questions);
        for (const other of pool) expect(batch).toContain(other);
      }
    }
  });

  it.each(['mixed', 'one-source', 'same-questions'] as const)(
    'makes no pair from a value id with a single answer with sampler %s',
    (name) => {
      const lone = all.filter((row) => set.labels[row] !== 0 || row === 0);
      const batches = createBatchSampler(name, set, lone, 16).epoch(new SeededRandom(5));
      expect(batches.length).toBeGreaterThan(3);
      for (const batch of batches) expect(batch).not.toContain(0);
    },
  );

  it('rejects rows that do not fill a batch', () => {
    expect(() => createBatchSampler('mixed', set, all.slice(0, 10), 16)).toThrow(
      expect.objectContaining({ code: 'ERR_ARG_RANGE' }),
    );
    // Each source has only one model.
    const alone = all.filter((row) => set.labels[row] === (set.sources[row] === 0 ? 0 : 4));
    expect(() => createBatchSampler('one-source', set, alone, 4)).toThrow(
      expect.objectContaining({ code: 'ERR_ARG_RANGE' }),
    );
    expect(() => createBatchSampler('same-questions', set, alone, 4).epoch(new SeededRandom(1))).toThrow(
      expect.objectContaining({ code: 'ERR_ARG_RANGE' }),
    );
  });
});
