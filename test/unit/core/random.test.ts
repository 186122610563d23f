import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { SeededRandom } from '../../../src/core/random.js';

describe('SeededRandom', () => {
  it('returns the published sequence of mulberry32', () => {
    const random = new SeededRandom(1);
    expect([random.next(), random.next(), random.next()].map((value) => Math.floor(value * 2 ** 32))).toEqual([
      2693262067, 11749833, 2265367787,
    ]);
  });

  it('draws every integer below a bound about equally often', () => {
    const random = new SeededRandom(7);
    const counts = [0, 0, 0, 0, 0, 0, 0];
    for (let i = 0; i < 70_000; i++) counts[random.integer(7)]! += 1;
    expect(Math.min(...counts)).toBeGreaterThan(9_600);
    expect(Math.max(...counts)).toBeLessThan(10_400);
  });

  it('shuffles into a permutation that depends on the seed', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat({ max: 200 }), (seed, length) => {
        const items = Int32Array.from({ length }, (_, i) => i);
        const shuffled = new SeededRandom(seed).shuffle(items.slice());
        expect(shuffled).toEqual(new SeededRandom(seed).shuffle(items.slice()));
        expect(shuffled.toSorted()).toEqual(items);
      }),
    );
  });

  it('shuffles every order about equally often', () => {
    const random = new SeededRandom(3);
    const counts = new Map<string, number>();
    for (let i = 0; i < 12_000; i++) {
      const order = random.shuffle([1, 2, 3]).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    expect(Math.min(...counts.values())).toBeGreaterThan(1_800);
  });

  it('gives independent streams for one seed', () => {
    const draws = 2000;
    const first = Array.from({ length: 500 }, (_, index) => SeededRandom.stream(42, index).next());
    expect(new Set(first).size).toBe(first.length);
    expect(SeededRandom.stream(42, 7).next()).toBe(first[7]);
    const [a, b] = [SeededRandom.stream(42, 0), SeededRandom.stream(42, 1)];
    // Correlation of independent uniform draws: the standard deviation is 1 / sqrt(draws) = 0.022.
    const correlation =
      Array.from({ length: draws }, () => 12 * (a.next() - 0.5) * (b.next() - 0.5)).reduce((sum, x) => sum + x) / draws;
    expect(Math.abs(correlation)).toBeLessThan(0.1);
  });
});
