import { afterEach, describe, expect, it } from 'vitest';

import { usableCpuCount } from '../../src/core/cpu-count.js';
import { addon } from '../../src/native/loader.js';
import { NgramCorpus } from '../../src/native/ngram-corpus.js';
import { NgramTable } from '../../src/native/ngram-table.js';
import { NgramTrainer } from '../../src/native/ngram-trainer.js';
import type { NgramSteps } from '../../src/native/ngram-types.js';
import { referenceNgrams } from '../support/ngram-reference.js';
import { createTrainer, randomSteps, randomTexts, SETTINGS } from '../support/ngram-scene.js';

const DIM = 24;
const TEXTS = randomTexts(200, 30, 1);
const idOf = (text: string): number => referenceNgrams(text, { ...SETTINGS, orders: 1 }).ids[0]!;
const ascending = (ids: Iterable<number>): number[] => [...ids].sort((a, b) => a - b);

/** Runs the steps from `first` to `last` - 1. */
function part(steps: NgramSteps, first: number, last: number): NgramSteps {
  const cut = (array: Int32Array): Int32Array => array.subarray(first * steps.pairs, last * steps.pairs);
  const learningRates = steps.learningRates.subarray(first, last);
  return {
    ...steps,
    queries: cut(steps.queries),
    keys: cut(steps.keys),
    labels: steps.labels && cut(steps.labels),
    learningRates,
  };
}

describe('the rows of a trainer', () => {
  const texts = ['a b c d', 'a b c', 'a b', 'a e'];
  const keysOf = async (options: { minTexts?: number; maxRows?: number }): Promise<number[]> => {
    const corpus = new NgramCorpus({ ...SETTINGS, orders: 1 });
    await corpus.add(texts.slice(0, 2));
    await corpus.add(texts.slice(2));
    const trainer = await NgramTrainer.create(corpus, { dim: 1, ...options });
    return [...(await trainer.table()).keys];
  };

  it('are those of features that enough texts share', async () => {
    expect(await keysOf({})).toEqual(ascending(['a', 'b', 'c'].map(idOf)));
    expect(await keysOf({ minTexts: 3 })).toEqual(ascending(['a', 'b'].map(idOf)));
    expect(await keysOf({ minTexts: 1 })).toEqual(ascending(['a', 'b', 'c', 'd', 'e'].map(idOf)));
  });

  it('are the most frequent ones if there are too many, then those of the smallest ids', async () => {
    expect(await keysOf({ maxRows: 2 })).toEqual(ascending(['a', 'b'].map(idOf)));
    const tied = Math.min(idOf('d'), idOf('e'));
    expect(await keysOf({ minTexts: 1, maxRows: 4 })).toEqual(ascending([...['a', 'b', 'c'].map(idOf), tied]));
  });

  it('count texts beyond one range of ids', async () => {
    // More than 2^16 features, so that their ids are counted in several ranges.
    const many = Array.from({ length: 3000 }, (_, i) =>
      Array.from({ length: 45 }, (_, j) => `${i % 1500}x${j}`).join(' '),
    );
    const corpus = new NgramCorpus({ ...SETTINGS, orders: 1 });
    await corpus.add([...many, 'single']);
    expect(corpus.features).toBe(3000 * 45 + 1);
    const { keys } = await (await NgramTrainer.create(corpus, { dim: 1 })).table();
    const expected = new Set(many.flatMap((text) => referenceNgrams(text, { ...SETTINGS, orders: 1 }).ids));
    expect([...keys]).toEqual(ascending(expected));
  });

  it('start with numbers of variance 1 / dim that depend only on the seed and the feature', async () => {
    const table = await (await createTrainer(TEXTS, { dim: DIM })).table();
    const mean = table.rows.reduce((sum, value) => sum + value, 0) / table.rows.length;
    const variance = table.rows.reduce((sum, value) => sum + value * value, 0) / table.rows.length;
    expect(Math.abs(mean) * Math.sqrt(DIM)).toBeLessThan(0.02);
    expect(variance * DIM).toBeCloseTo(1, 1);
    const small = await (await createTrainer(TEXTS, { dim: DIM, maxRows: 50 })).table();
    const other = await (await createTrainer(TEXTS, { dim: DIM, seed: 2 })).table();
    const row = (of: typeof table, key: number): Float32Array =>
      of.rows.slice(of.keys.indexOf(key) * DIM, (of.keys.indexOf(key) + 1) * DIM);
    for (const key of small.keys) {
      expect(row(small, key)).toEqual(row(table, key));
      expect(row(other, key)).not.toEqual(row(table, key));
    }
  });

  it('start with those of the base, as numbers', async () => {
    const keys = Uint32Array.from(ascending(['w1', 'w2', 'elsewhere'].map(idOf)));
    const base = await NgramTable.create({
      dim: 2,
      keys,
      rows: Int8Array.of(1, -128, 3, 4, 5, 6),
      scales: Float32Array.of(0.5, 2, -1),
    });
    const trained = await createTrainer(TEXTS, { dim: 2, base });
    base.dispose();
    const { keys: features, rows } = await trained.table();
    const random = await (await createTrainer(TEXTS, { dim: 2 })).table();
    const values = [0.5, -64, 6, 8, -5, -6];
    const expected = random.rows.map((value, i) => {
      const row = keys.indexOf(features[i >> 1]!);
      return row < 0 ? value : values[2 * row + (i & 1)]!;
    });
    expect(features).toContain(idOf('w1'));
    expect(rows).toEqual(expected);
  });
});

describe('training', () => {
  afterEach(() => addon().configure(usableCpuCount(), ''));

  it('gives the same bytes with one thread and with several', async () => {
    const steps = randomSteps(TEXTS.length, 5, 40, 2);
    const run = async (threads: number) => {
      addon().configure(threads, '');
      const trainer = await createTrainer(TEXTS, { dim: DIM });
      const losses = await trainer.steps(steps);
      const state = await trainer.state();
      const table = await NgramTable.create({ dim: DIM, ...state });
      return { losses, state, vectors: await table.encode(Array.from({ length: 60 }, () => TEXTS).flat(), SETTINGS) };
    };
    const one = await run(1);
    expect(one.losses.at(-1)).toBeLessThan(one.losses[0]!);
    expect(await run(3)).toEqual(one);
  });

  it('continues from a saved state to the same bytes', async () => {
    const steps = randomSteps(TEXTS.length, 6, 20, 3);
    const trainer = await createTrainer(TEXTS, { dim: DIM });
    await trainer.steps(part(steps, 0, 4));
    const saved = await trainer.state();
    const losses = await trainer.steps(part(steps, 4, 6));
    const resumed = await createTrainer(TEXTS, { dim: DIM, seed: 7 });
    await resumed.restore(saved);
    expect(await resumed.steps(part(steps, 4, 6))).toEqual(losses);
    expect(await resumed.state()).toEqual(await trainer.state());
    const other = await createTrainer(randomTexts(200, 30, 4), { dim: DIM, maxRows: saved.keys.length });
    const moments = new Float32Array(other.size);
    const rows = new Float32Array(other.size * DIM);
    await expect(other.restore({ keys: new Uint32Array(other.size), rows, moments })).rejects.toMatchObject({
      code: 'ERR_DATA',
    });
  });

  it('learns nothing from pairs of one label', async () => {
    const trainer = await createTrainer(TEXTS, { dim: DIM });
    const before = await trainer.state();
    const steps = randomSteps(TEXTS.length, 2, 10, 5);
    expect(await trainer.steps({ ...steps, labels: new Int32Array(20) })).toEqual(new Float64Array(2));
    expect(await trainer.state()).toEqual(before);
  });

  it('keeps the state before a step whose loss is not finite', async () => {
    const steps = randomSteps(TEXTS.length, 2, 10, 6);
    const [once, twice] = [await createTrainer(TEXTS, { dim: DIM }), await createTrainer(TEXTS, { dim: DIM })];
    const learningRates = Float64Array.of(1e38, 1e38);
    await once.steps(part({ ...steps, learningRates }, 0, 1));
    await expect(twice.steps({ ...steps, learningRates })).rejects.toMatchObject({
      code: 'ERR_NON_FINITE',
      message: expect.stringMatching(/^Step 1: .*row \d+/) as string,
    });
    expect(await twice.state()).toEqual(await once.state());
  });

  it('stops between two steps when it is aborted', async () => {
    const steps = randomSteps(TEXTS.length, 5000, 10, 7);
    const trainer = await createTrainer(TEXTS, { dim: DIM });
    const controller = new AbortController();
    const seen: number[] = [];
    const onProgress = (done: number): void => {
      seen.push(done);
      controller.abort();
    };
    await expect(trainer.steps(steps, { signal: controller.signal, onProgress })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
    expect(seen[0]).toBeLessThan(5000);
    const { moments } = await trainer.state();
    expect(moments.every((moment) => moment >= 0 && moment < Infinity)).toBe(true);
  });

  it('finishes the calls in flight when it is disposed, and refuses later ones', async () => {
    const corpus = new NgramCorpus(SETTINGS);
    const adding = corpus.add(TEXTS);
    const creating = NgramTrainer.create(corpus, { dim: DIM });
    corpus.dispose();
    await adding;
    const trainer = await creating;
    const state = trainer.state();
    const running = trainer.steps(randomSteps(TEXTS.length, 3, 10, 8));
    trainer.dispose();
    trainer.dispose();
    expect(await running).toHaveLength(3);
    const table = await NgramTable.create({ dim: DIM, ...(await state) });
    const encoding = table.encode(TEXTS, SETTINGS);
    table.dispose();
    expect((await encoding).tokens).toHaveLength(TEXTS.length);
    const disposed = { code: 'ERR_DISPOSED' };
    await expect(corpus.add([])).rejects.toMatchObject(disposed);
    await expect(NgramTrainer.create(corpus, { dim: DIM })).rejects.toMatchObject(disposed);
    await expect(trainer.state()).rejects.toMatchObject(disposed);
    await expect(table.encode([], SETTINGS)).rejects.toMatchObject(disposed);
  });

  it('refuses a corpus whose texts share nothing, and a base of another dim', async () => {
    await expect(createTrainer(['a', 'b', ''], { dim: DIM })).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: 'No n-gram occurs in at least 2 of the 3 texts, so there is nothing to train',
    });
    await expect(createTrainer([], { dim: DIM })).rejects.toMatchObject({ code: 'ERR_DATA' });
    const base = await NgramTable.create({ dim: 2, rows: new Float32Array(2), keys: Uint32Array.of(5) });
    await expect(createTrainer(TEXTS, { dim: DIM, base })).rejects.toMatchObject({
      code: 'ERR_SHAPE_MISMATCH',
      message: 'Expected a base of 24 dimensions, got 2',
    });
  });

  it.each([
    ['ERR_ARG_RANGE', { pairs: 0 }],
    ['ERR_ARG_RANGE', { queries: new Int32Array(20).fill(TEXTS.length) }],
    ['ERR_SHAPE_MISMATCH', { keys: new Int32Array(19) }],
    ['ERR_ARG_TYPE', { labels: undefined }],
    ['ERR_ARG_TYPE', { learningRates: [0.1, 0.1] as never }],
    ['ERR_ARG_RANGE', { learningRates: Float64Array.of(0.1, NaN) }],
    ['ERR_ARG_RANGE', { logitScale: 0 }],
    ['ERR_ARG_RANGE', { mode: 'two-way' as never }],
  ])('refuses misuse of a step with %s: %o', async (code, change) => {
    const trainer = await createTrainer(TEXTS, { dim: 2 });
    await expect(trainer.steps({ ...randomSteps(TEXTS.length, 2, 10, 9), ...change })).rejects.toMatchObject({ code });
  });
});

describe('a table', () => {
  const rows = Float32Array.of(1, 2, 3, 4, 5, 6);
  const keys = Uint32Array.of(3, 7, 2 ** 32 - 1);

  it.each([
    ['ERR_NON_FINITE', 'Row 1 of the table is NaN or infinite', { rows: Float32Array.of(1, 2, 3, NaN, 5, Infinity) }],
    ['ERR_NON_FINITE', 'Row 2 of the table is NaN or infinite', { rows: Uint16Array.of(1, 2, 3, 4, 0xfc00, 0x7e00) }],
    [
      'ERR_NON_FINITE',
      'Row 0 of the table is NaN or infinite',
      { rows: new Int8Array(6), scales: Float32Array.of(NaN, 1, 1) },
    ],
    ['ERR_DATA', 'The key of row 2 is not larger than the key before it', { keys: Uint32Array.of(3, 7, 7) }],
    ['ERR_SHAPE_MISMATCH', 'Expected 3 entries', { keys: Uint32Array.of(3) }],
    ['ERR_SHAPE_MISMATCH', 'Expected a multiple of 4', { dim: 4 }],
    ['ERR_ARG_TYPE', 'Expected a Float32Array for "scales"', { rows: new Int8Array(6) }],
    ['ERR_ARG_TYPE', 'Expected no scales', { scales: new Float32Array(3) }],
    ['ERR_ARG_TYPE', 'Expected a Float32Array, a Uint16Array or an Int8Array', { rows: new Float64Array(6) as never }],
  ])('is refused with %s: %s', async (code, message, change) => {
    await expect(NgramTable.create({ dim: 2, rows, keys, ...change })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
  });

  it('has a unit vector for texts without rows, and zero for the mean of no rows', async () => {
    const table = await NgramTable.create({ dim: 2, rows, keys });
    const even = Math.fround(Math.SQRT1_2);
    expect((await table.encode(['', 'unknown'], SETTINGS)).embeddings).toEqual(Float32Array.of(even, even, even, even));
    const none = { ids: new Int32Array(0), offsets: Int32Array.of(0, 0) };
    expect(await table.encodeRows(none)).toEqual(new Float32Array(2));
    expect(await table.encodeRows(none, { normalize: true })).toEqual(Float32Array.of(even, even));
    const two = { ids: Int32Array.of(0, 1), offsets: Int32Array.of(0, 2) };
    expect([...(await table.encodeRows(two, { normalize: true }))]).toEqual(
      [2, 3].map((x) => Math.fround(x / Math.sqrt(13))),
    );
  });

  it('refuses ids that are not rows, texts without keys, and sums that overflow', async () => {
    const table = await NgramTable.create({ dim: 2, rows: Float32Array.of(1, 2, 3e38, 3e38) });
    const bag = (id: number) => ({ ids: Int32Array.of(id), offsets: Int32Array.of(0, 1) });
    await expect(table.encodeRows(bag(2))).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
    await expect(table.encode(['a'], SETTINGS)).rejects.toMatchObject({ code: 'ERR_ARG_TYPE' });
    const keyed = await NgramTable.create({ dim: 1, rows: Float32Array.of(3e38), keys: Uint32Array.of(idOf('a')) });
    await expect(keyed.encode(['b', 'a a a a a'], SETTINGS)).rejects.toMatchObject({
      code: 'ERR_NON_FINITE',
      message: "The sum of the table's rows overflows for text 1",
    });
  });
});
