import { expect, it } from 'vitest';

import { trainLinearSvm } from '../../src/native/linear-svm.js';
import { NgramCorpus } from '../../src/native/ngram-corpus.js';
import type { NgramSettings } from '../../src/native/ngram-settings.js';
import { NgramTable } from '../../src/native/ngram-table.js';
import { referenceNgrams } from '../support/ngram-reference.js';
import { randomTexts } from '../support/ngram-scene.js';
import { randomNormal } from '../support/random.js';
import { relativeError, TOLERANCE } from '../support/tolerances.js';

const GROUPS: NgramSettings[] = [
  { kind: 'words', orders: 2, limit: 50 },
  { kind: 'characters', orders: 3, limit: 80 },
];
const CLASSES = 3;
const C = 10;
const SETTINGS = { minTexts: 2, maxRows: 2 ** 31 - 1, c: C, tolerance: 1e-5, maxPasses: 20_000, seed: 1 };

/** The features of a text that have a row, with weights log(1 + count) at unit length, and their share of all. */
function referenceRow(
  text: string,
  rowOf: ReadonlyMap<number, number>,
): { entries: [number, number][]; known: number } {
  const counts = new Map<number, number>();
  for (const group of GROUPS) {
    const { ids, counts: some } = referenceNgrams(text, group);
    ids.forEach((id, i) => counts.set(id, (counts.get(id) ?? 0) + some[i]!));
  }
  const squares = (list: number[]): number => list.reduce((sum, count) => sum + Math.log1p(count) ** 2, 0);
  const known = [...counts].filter(([id]) => rowOf.has(id));
  const own = squares(known.map(([, count]) => count));
  return {
    entries: known.map(([id, count]) => [rowOf.get(id)!, Math.log1p(count) / Math.sqrt(own)]),
    known: own === 0 ? 0 : own / squares([...counts.values()]),
  };
}

it('finds the minimum of the primal problem', async () => {
  // Texts without shared n-grams have nothing but the bias.
  const texts = [...randomTexts(40, 12, 1), '', 'alone'];
  const labels = Int32Array.from(texts, (_, i) => i % CLASSES);
  const corpus = new NgramCorpus(...GROUPS);
  await corpus.add(texts);
  const { keys, weights, biases, passes } = await trainLinearSvm(corpus, labels, CLASSES, SETTINGS);
  corpus.dispose();
  expect(Math.max(...passes)).toBeLessThan(SETTINGS.maxPasses);
  const rowOf = new Map([...keys].map((key, row) => [key, row]));
  const rows = texts.map((text) => referenceRow(text, rowOf).entries);
  for (let c = 0; c < CLASSES; c++) {
    const gradient = Float64Array.from(keys, (_, row) => weights[row * CLASSES + c]!);
    let biasGradient = biases[c]!;
    rows.forEach((entries, i) => {
      const y = labels[i] === c ? 1 : -1;
      const product = entries.reduce((sum, [row, x]) => sum + x * weights[row * CLASSES + c]!, biases[c]!);
      const slope = 2 * C * Math.max(0, 1 - y * product) * y;
      for (const [row, x] of entries) gradient[row]! -= slope * x;
      biasGradient -= slope;
    });
    expect(Math.max(Math.abs(biasGradient), ...gradient.map(Math.abs))).toBeLessThan(5e-4 * 2 * C);
  }
});

it('limits the rows to the features in most texts, and trains without any', async () => {
  const corpus = new NgramCorpus(...GROUPS);
  await corpus.add(['the sea', 'the sun', 'the end']);
  const labels = Int32Array.of(0, 1, 1);
  const { keys } = await trainLinearSvm(corpus, labels, 2, { ...SETTINGS, maxRows: 1 });
  expect(keys).toHaveLength(1);
  const none = await trainLinearSvm(corpus, labels, 2, { ...SETTINGS, minTexts: 4 });
  expect(none.keys).toHaveLength(0);
  expect(none.biases[0]! < none.biases[1]!).toBe(true);
  corpus.dispose();
});

it('scores texts like double precision, and says how much of them is known', async () => {
  const dim = 7;
  const known = randomTexts(20, 12, 2);
  const ids = known.flatMap((text) => GROUPS.flatMap((group) => referenceNgrams(text, group).ids));
  const keys = Uint32Array.from(new Set(ids)).sort();
  const rows = randomNormal(keys.length * dim, 3);
  const rowOf = new Map([...keys].map((key, row) => [key, row]));
  const texts = ['w1 w1 w1 w2 unknown words', '', '\u4e00', ...randomTexts(30, 12, 1)];
  const references = texts.map((text) => referenceRow(text, rowOf));
  const expected = references.flatMap(({ entries }) => {
    const sum = new Float64Array(dim);
    for (const [row, x] of entries) for (let d = 0; d < dim; d++) sum[d]! += x * rows[row * dim + d]!;
    return [...sum];
  });
  const table = await NgramTable.create({ dim, rows, keys });
  const { scores, known: shares } = await table.score(texts, GROUPS);
  table.dispose();
  expect(relativeError(scores, expected)).toBeLessThan(TOLERANCE.f32Sum);
  references.forEach((reference, i) => expect(shares[i]!).toBeCloseTo(reference.known, 5));
  expect([...scores.subarray(dim, 3 * dim)]).toEqual(new Array<number>(2 * dim).fill(0));
});
