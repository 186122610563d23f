import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { type InfoNceInput, infoNce } from '../../src/native/infonce.js';
import { INFONCE_MODES, type InfoNceMode } from '../../src/native/infonce-modes.js';
import { addon } from '../../src/native/loader.js';
import { infoNceReference, roundToBf16 } from '../support/infonce-reference.js';
import { randomUnitRows, seededRandom } from '../support/random.js';
import { relativeError, TOLERANCE } from '../support/tolerances.js';

const PRECISIONS = ['f32', 'bf16'] as const;
/** The modes in test/fixtures/infonce-parity.json. */
const PYTORCH_MODES = ['one-way', 'symmetric', 'masked', 'supervised'] as const satisfies readonly InfoNceMode[];

/** Pairs that are close to each other, as in training, with about five rows per label, negative labels included. */
function batch(rows: number, dim: number, logitScale: number): InfoNceInput {
  const query = randomUnitRows(rows, dim, rows + dim);
  const noise = randomUnitRows(rows, dim, rows + dim + 1);
  const key = normalized(
    query.map((value, i) => value + noise[i]!),
    dim,
  );
  const random = seededRandom(rows);
  const labels = Int32Array.from({ length: rows }, () => Math.floor((random() - 0.5) * Math.max(1, rows / 5)));
  return { query, key, dim, logitScale, labels, mode: 'one-way' };
}

function normalized(x: Float32Array, dim: number): Float32Array {
  for (let i = 0; i < x.length; i += dim) {
    const row = x.subarray(i, i + dim);
    const norm = Math.hypot(...row);
    if (norm > 0) row.forEach((value, d) => (row[d] = value / norm));
  }
  return x;
}

/** `floor` is what gradient entries are compared with when all of them cancel to less. */
async function expectMatch(input: InfoNceInput, floor = 0): Promise<void> {
  const rounded = input.precision === 'bf16';
  const expected = infoNceReference(
    rounded ? { ...input, query: roundToBf16(input.query), key: roundToBf16(input.key) } : input,
  );
  const actual = await infoNce(input);
  const tolerance = rounded ? TOLERANCE.infoNceBf16 : TOLERANCE.infoNceF32;
  expect(Math.abs(actual.loss - expected.loss)).toBeLessThanOrEqual(1e-5 * Math.max(expected.loss, 1e-9));
  for (const side of ['dQuery', 'dKey'] as const) {
    const padded = [Float64Array.of(...actual[side], floor), Float64Array.of(...expected[side], floor)] as const;
    expect(relativeError(...padded), side).toBeLessThan(tolerance);
  }
}

describe.each(PRECISIONS)('infoNce in %s', (precision) => {
  describe.each(INFONCE_MODES)('%s', (mode) => {
    it.each([
      [1, 17, 20],
      [2, 1, 20],
      [15, 16, 1],
      [16, 768, 100],
      [17, 63, 100],
      [63, 33, 50],
      [64, 48, 20],
      [600, 24, 20],
    ])('matches double precision at %i x %i, scale %i', async (rows, dim, scale) => {
      await expectMatch({ ...batch(rows, dim, scale), mode, precision });
    });

    it('survives identical and zero rows', async () => {
      const input = { ...batch(65, 40, 100), mode, precision };
      input.query.fill(0, 0, 40);
      input.key.fill(0, 3 * 40, 4 * 40);
      for (let i = 10; i < 40; i++) input.key.copyWithin(i * 40, 10 * 40, 11 * 40); // all as hard as the positive
      for (let i = 12; i < 15; i++) input.query.copyWithin(i * 40, 10 * 40, 11 * 40);
      await expectMatch(input);
    });

    it('survives a collapsed batch', async () => {
      const input = { ...batch(300, 40, 50), mode, precision };
      for (let i = 1; i < 300; i++) input.query.copyWithin(i * 40, 0, 40);
      input.key.set(input.query);
      // Every gradient is 0 by cancellation of terms as large as this.
      await expectMatch(input, (input.logitScale / 300) * Math.max(...input.query.map(Math.abs)));
    });

    it('matches where all rows share a label, and where none do', async () => {
      const input = { ...batch(50, 24, 20), mode, precision };
      await expectMatch({ ...input, labels: new Int32Array(50).fill(-(2 ** 31)) }, 1e-4);
      await expectMatch({ ...input, labels: Int32Array.from({ length: 50 }, (_, i) => i * 40_000_000 - 2 ** 31) });
    });

    it('does not depend on the height of its blocks', async () => {
      const { query, key, labels, dim, logitScale } = batch(150, 31, 20);
      const rows = 150;
      const run = async (blockRows: number): Promise<Float32Array[]> => {
        const [dQuery, dKey] = [new Float32Array(rows * dim).fill(NaN), new Float32Array(rows * dim).fill(NaN)];
        const input = { query, key, labels, rows, dim, logitScale, mode, precision };
        const loss = await addon().infoNce({ ...input, dQuery, dKey, blockRows });
        return [dQuery, dKey, Float32Array.of(loss)];
      };
      const whole = await run(0);
      for (const blockRows of [1, 7, 64, 149]) {
        const blocks = await run(blockRows);
        blocks.forEach((part, i) =>
          expect(relativeError(part, whole[i]!)).toBeLessThan(precision === 'bf16' ? TOLERANCE.infoNceBf16 : 3e-6),
        );
      }
    });
  });

  it('is the gradient of its loss', async () => {
    const input = { ...batch(40, 20, 10), precision: 'f32' as const };
    for (const mode of INFONCE_MODES) {
      const { dQuery, dKey } = await infoNce({ ...input, mode });
      const step = randomUnitRows(80, 20, 9).map((value) => 1e-3 * value);
      const moved = async (sign: number): Promise<number> => {
        const query = input.query.map((value, i) => value + sign * step[i]!);
        const key = input.key.map((value, i) => value + sign * step[800 + i]!);
        return (await infoNce({ ...input, mode, query, key })).loss;
      };
      const expected =
        dQuery.reduce((sum, g, i) => sum + g * step[i]!, 0) + dKey.reduce((sum, g, i) => sum + g * step[800 + i]!, 0);
      expect(((await moved(1)) - (await moved(-1))) / 2 / expected).toBeCloseTo(1, 3);
    }
  });

  it('matches double precision beyond several blocks', async () => {
    await expectMatch({ ...batch(4097, 4, 20), precision });
  });

  it.each(PYTORCH_MODES)('reproduces PyTorch: %s', async (mode) => {
    const parity = JSON.parse(
      readFileSync(new URL('../fixtures/infonce-parity.json', import.meta.url), 'utf8'),
    ) as Parity;
    const decode = (text: string): Float64Array =>
      new Float64Array(Uint8Array.from(Buffer.from(text, 'base64')).buffer);
    const { dim, logitScale, labels } = parity;
    const expected = parity.modes[mode];
    const actual = await infoNce({
      query: Float32Array.from(decode(parity.query)),
      key: Float32Array.from(decode(parity.key)),
      dim,
      logitScale,
      mode,
      precision,
      labels: Int32Array.from(labels),
    });
    // Rounding the embeddings to bf16 (2^-9 relative) changes logits of up to 20 by a few hundredths.
    const tolerance = precision === 'bf16' ? 5e-2 : TOLERANCE.infoNceF32;
    expect(Math.abs(actual.loss / expected.loss - 1)).toBeLessThan(precision === 'bf16' ? 1e-2 : 1e-6);
    expect(relativeError(actual.dQuery, decode(expected.dQuery))).toBeLessThan(tolerance);
    expect(relativeError(actual.dKey, decode(expected.dKey))).toBeLessThan(tolerance);
  });
});

interface Parity {
  rows: number;
  dim: number;
  logitScale: number;
  labels: number[];
  query: string;
  key: string;
  modes: Record<(typeof PYTORCH_MODES)[number], { loss: number; dQuery: string; dKey: string }>;
}

describe('infoNce', () => {
  it('keeps the relative precision of a tiny loss', async () => {
    const rows = 30;
    const query = randomUnitRows(rows, 64, 1);
    await expectMatch({ query, key: query, dim: 64, logitScale: 40, mode: 'one-way' });
    expect((await infoNce({ query, key: query, dim: 64, logitScale: 40, mode: 'one-way' })).loss).toBeLessThan(1e-9);
  });

  it('converts keys tile by tile where all of them would take too much memory', async () => {
    const [rows, dim] = [66, 90_000];
    const query = roundToBf16(randomUnitRows(rows, 100, 5)).slice(0, rows * 100);
    const wide = (x: Float32Array): Float32Array =>
      Float32Array.from({ length: rows * dim }, (_, i) => x[Math.floor(i / dim) * 100 + (i % 100)]!);
    const input = {
      query: wide(query),
      key: wide(roundToBf16(randomUnitRows(rows, 100, 6))),
      dim,
      logitScale: 0.01,
      mode: 'symmetric' as const,
    };
    const whole = await infoNce(input);
    const tiles = await infoNce({ ...input, precision: 'bf16' });
    expect(Math.abs(tiles.loss / whole.loss - 1)).toBeLessThan(1e-5);
    expect(relativeError(tiles.dQuery, whole.dQuery)).toBeLessThan(TOLERANCE.infoNceBf16);
    expect(relativeError(tiles.dKey, whole.dKey)).toBeLessThan(TOLERANCE.infoNceBf16);
  });

  it('names the row that is not finite', async () => {
    for (const precision of PRECISIONS) {
      for (const bad of [NaN, Infinity, -Infinity]) {
        for (const side of ['query', 'key'] as const) {
          const input = { ...batch(20, 8, 20), precision };
          input[side][13 * 8 + 5] = bad;
          await expect(infoNce(input)).rejects.toMatchObject({
            code: 'ERR_NON_FINITE',
            message: expect.stringContaining(`${side} row 13 `) as string,
          });
        }
      }
    }
  });

  it('refuses results that overflow', async () => {
    const input = batch(20, 8, 20);
    input.query.fill(3e38, 24, 32);
    await expect(infoNce(input)).rejects.toMatchObject({
      code: 'ERR_NON_FINITE',
      message: expect.stringContaining('row 3 ') as string,
    });
    await expect(infoNce({ ...batch(20, 8, 20), logitScale: 1e300 })).rejects.toMatchObject({ code: 'ERR_NON_FINITE' });
  });

  it('stops when it is aborted', async () => {
    const input = batch(4000, 64, 20);
    for (const mode of INFONCE_MODES) {
      const controller = new AbortController();
      const running = infoNce({ ...input, mode, signal: controller.signal });
      setTimeout(() => controller.abort(), 1);
      await expect(running).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    }
    await expect(infoNce({ ...input, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  });

  it.each([
    ['ERR_ARG_TYPE', { query: [1, 2] }],
    ['ERR_ARG_TYPE', { key: new Float64Array(24) }],
    ['ERR_SHAPE_MISMATCH', { key: new Float32Array(23) }],
    ['ERR_SHAPE_MISMATCH', { query: new Float32Array(23) }],
    ['ERR_SHAPE_MISMATCH', { query: new Float32Array(0), key: new Float32Array(0) }],
    ['ERR_ARG_TYPE', { rows: 4 }],
    ['ERR_ARG_RANGE', { dim: 0 }],
    ['ERR_ARG_RANGE', { logitScale: 0 }],
    ['ERR_ARG_RANGE', { logitScale: -1 }],
    ['ERR_ARG_RANGE', { logitScale: NaN }],
    ['ERR_ARG_RANGE', { logitScale: Infinity }],
    ['ERR_ARG_TYPE', { logitScale: '20' }],
    ['ERR_ARG_RANGE', { mode: 'two-way' }],
    ['ERR_ARG_TYPE', { mode: undefined }],
    ['ERR_ARG_RANGE', { precision: 'f16' }],
    ['ERR_ARG_TYPE', { mode: 'masked', labels: undefined }],
    ['ERR_ARG_TYPE', { mode: 'supervised', labels: undefined }],
    ['ERR_ARG_TYPE', { mode: 'supervised', labels: [0, 1, 2] }],
    ['ERR_SHAPE_MISMATCH', { mode: 'masked', labels: new Int32Array(2) }],
    ['ERR_ARG_TYPE', { signal: {} }],
    ['ERR_ARG_TYPE', { temperature: 0.02 }],
  ])('refuses misuse with %s: %o', async (code, change) => {
    const input = { ...batch(3, 8, 20), ...change } as InfoNceInput;
    await expect(infoNce(input)).rejects.toMatchObject({ name: 'EngineError', code });
  });
});
