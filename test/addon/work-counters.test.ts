import { describe, expect, it } from 'vitest';

import { workCounters } from '../../src/native/capabilities.js';
import { infoNce } from '../../src/native/infonce.js';
import { addon } from '../../src/native/loader.js';
import { matmul } from '../../src/native/matmul.js';
import { similarityTopK } from '../../src/native/top-k.js';
import { randomNormal, randomUnitRows } from '../support/random.js';

async function workOf(run: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = workCounters();
  await run();
  const after = workCounters();
  return Object.fromEntries(
    Object.entries(after).map(([name, count]) => [name, count - before[name as keyof typeof before]]),
  );
}

describe('the work counters', () => {
  it('count a product and its multiply-adds', async () => {
    const [m, n, k] = [5, 7, 3];
    const work = await workOf(() => matmul(new Float32Array(m * k), new Float32Array(k * n), m, n, k));
    expect(work).toMatchObject({ products: 1, multiplyAdds: m * n * k, tiles: 0 });
    expect(await workOf(() => matmul(new Float32Array(0), new Float32Array(0), 0, 0, 0))).toMatchObject({
      products: 0,
      multiplyAdds: 0,
    });
  });

  it('count the three products of the loss, whatever its tiles', async () => {
    const [rows, dim] = [65, 16];
    const loss = (): Promise<unknown> =>
      infoNce({
        query: randomUnitRows(rows, dim, 1),
        key: randomUnitRows(rows, dim, 2),
        dim,
        logitScale: 10,
        mode: 'one-way',
      });
    const work = await workOf(loss);
    expect(work['multiplyAdds']).toBe(3 * rows * rows * dim);
    expect(work['tiles']).toBeGreaterThan(0);
    expect(work['allocatedBytes']).toBeGreaterThanOrEqual(64 * work['allocations']!);
    expect(await workOf(loss)).toEqual(work);
  });

  it('count as many tiles of top-k as the base needs', async () => {
    const dim = 32;
    const search = (baseRows: number) => (): Promise<unknown> =>
      similarityTopK({
        queries: randomNormal(20 * dim, 1),
        base: randomNormal(baseRows * dim, 2),
        dim,
        k: 5,
        metric: 'ip',
      });
    const [few, many] = [await workOf(search(1000)), await workOf(search(8000))];
    expect(many['tiles']).toBeGreaterThan(4 * few['tiles']!);
  });
});

describe('single layers', () => {
  it('give what their formulas say', async () => {
    const [rows, inWidth, outWidth] = [16, 15, 16];
    const [x, weight, bias, y] = [
      randomNormal(rows * inWidth, 1),
      randomNormal(outWidth * inWidth, 2),
      randomNormal(outWidth, 3),
      new Float32Array(rows * outWidth),
    ];
    await addon().linearForward(x, weight, bias, y, rows, outWidth, inWidth);
    y.forEach((value, i) => {
      const [row, column] = [Math.floor(i / outWidth), i % outWidth];
      let expected = bias[column]!;
      for (let t = 0; t < inWidth; t++) expected += x[row * inWidth + t]! * weight[column * inWidth + t]!;
      expect(Math.abs(value - expected)).toBeLessThan(1e-5);
    });
    expect(() => addon().linearForward(x, weight, bias, y, 17, outWidth, inWidth)).toThrow(/multiple of 16/);
    // One token alone attends to itself: the output is its value.
    const [heads, headDim] = [2, 16];
    const qkv = randomNormal(3 * heads * headDim, 4);
    const [out, lse] = [new Float32Array(heads * headDim), new Float32Array(heads)];
    await addon().attentionForward(qkv, Int32Array.of(0, 1), out, lse, 1, heads, headDim);
    out.forEach((value, i) => expect(Math.abs(value - qkv[2 * heads * headDim + i]!)).toBeLessThan(1e-6));
    expect(() => addon().attentionForward(qkv, Int32Array.of(0, 2), out, lse, 1, heads, headDim)).toThrow(
      '"offsets" must start at 0',
    );
  });
});
