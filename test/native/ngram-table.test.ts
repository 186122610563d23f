import { describe, expect, it } from 'vitest';

import { fromFloat16 } from '../../src/core/float16.js';
import { NgramTable } from '../../src/native/ngram-table.js';
import type { NgramTableData } from '../../src/native/ngram-types.js';
import { referenceNgrams } from '../support/ngram-reference.js';
import { randomTexts, SETTINGS } from '../support/ngram-scene.js';
import { referenceBag } from '../support/ngram-training-reference.js';
import { randomNormal, seededRandom } from '../support/random.js';
import { relativeError, TOLERANCE } from '../support/tolerances.js';

const SIZES = [1, 15, 16, 17, 63, 128, 256];
const ROWS = 40;
/** Error relative to the magnitudes of the terms: native/ops/bag.h. */
const ACCURACY = 5e-6;

/** A table of each type, and the numbers that it stands for. */
function tables(dim: number): Record<'f32' | 'f16' | 'int8', { data: NgramTableData; values: Float32Array }> {
  const random = seededRandom(dim);
  const length = ROWS * dim;
  const rows = randomNormal(length, dim);
  // Normal and subnormal numbers of both signs.
  const halves = Uint16Array.from({ length }, () => Math.floor(2 ** 16 * random()) & 0xbfff);
  const bytes = Int8Array.from({ length }, () => Math.floor(256 * random()) - 128);
  const scales = Float32Array.from({ length: ROWS }, () => random());
  return {
    f32: { data: { dim, rows }, values: rows },
    f16: { data: { dim, rows: halves }, values: fromFloat16(halves) },
    int8: {
      data: { dim, rows: bytes, scales },
      values: Float32Array.from(bytes, (byte, i) => byte * scales[Math.floor(i / dim)]!),
    },
  };
}

describe.each(['f32', 'f16', 'int8'] as const)('a table of %s', (type) => {
  it.each(SIZES)('gives the means of rows at dim %i', async (dim) => {
    const { data, values } = tables(dim)[type];
    const random = seededRandom(9);
    const sizes = [0, 1, 3, 4, 5, 9, 0, 1500];
    const offsets = Int32Array.from([0, ...sizes]);
    for (let i = 1; i < offsets.length; i++) offsets[i]! += offsets[i - 1]!;
    const ids = Int32Array.from({ length: offsets.at(-1)! }, () => Math.floor(ROWS * random()));
    const expected = new Float64Array(sizes.length * dim);
    const magnitudes = new Float64Array(sizes.length * dim);
    sizes.forEach((size, bag) => {
      for (const id of ids.subarray(offsets[bag], offsets[bag + 1])) {
        for (let d = 0; d < dim; d++) {
          expected[bag * dim + d]! += values[id * dim + d]! / size;
          magnitudes[bag * dim + d]! += Math.abs(values[id * dim + d]! / size);
        }
      }
    });
    const table = await NgramTable.create(data);
    const means = await table.encodeRows({ ids, offsets });
    // The mean of a few hundred terms can be much smaller than they are.
    const errors = expected.map((value, i) => Math.abs(means[i]! - value) - ACCURACY * magnitudes[i]!);
    expect(Math.max(...errors)).toBeLessThanOrEqual(0);
    table.dispose();
  });
});

describe('encode', () => {
  const texts = ['w1 w1 w1 w2 unknown words', '', 'unknown', ...randomTexts(30, 12, 1)];
  const known = randomTexts(20, 12, 2).flatMap((text) => referenceNgrams(text, SETTINGS).ids);
  const keys = Uint32Array.from(new Set(known)).sort();

  it.each([17, 256])('weights rows by log(1 + count) and ignores other n-grams, at dim %i', async (dim) => {
    const rows = randomNormal(keys.length * dim, 3);
    const rowOf = new Map([...keys].map((key, row) => [key, row]));
    const expected = texts.flatMap((text) => {
      const sum = new Float64Array(dim);
      for (const { row, weight } of referenceBag(text, SETTINGS, rowOf))
        for (let d = 0; d < dim; d++) sum[d]! += weight * rows[row * dim + d]!;
      const norm = Math.hypot(...sum);
      return [...sum].map((value) => (norm === 0 ? 1 / Math.sqrt(dim) : value / norm));
    });
    const table = await NgramTable.create({ dim, rows, keys });
    const { embeddings, tokens } = await table.encode(texts, SETTINGS);
    expect(relativeError(embeddings, expected)).toBeLessThan(TOLERANCE.f32Sum);
    expect([...tokens.subarray(0, 3)]).toEqual([6, 0, 1]);
    table.dispose();
  });
});
