import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { WordTable } from '../../../src/core/word-table.js';

const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
// Few first words, so that keys collide.
const key = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 50 }), fc.constant(7));

describe('WordTable', () => {
  it('has the same entries as a Map', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(key, word, fc.integer({ min: 1, max: 2 ** 32 - 1 })), { maxLength: 300 }),
        (entries) => {
          const table = new WordTable(3, 2);
          const map = new Map<string, number[]>();
          for (const [at, first, last] of entries) {
            table.set(at, [first, last]);
            map.set(at.join(), [first, last]);
          }
          expect(table.size).toBe(map.size);
          for (const [at] of entries) expect([...table.get(at)!]).toEqual(map.get(at.join()));
          expect(table.get([9, 9, 9])).toBeUndefined();
        },
      ),
    );
  });

  it('grows, and uses as many bytes as its slots', () => {
    const table = new WordTable(1, 1);
    for (let i = 0; i < 10_000; i++) table.set([Math.imul(i, 0x9e3779b9) >>> 0], [i + 1]);
    expect(table.size).toBe(10_000);
    for (let i = 0; i < 10_000; i++) expect(table.get([Math.imul(i, 0x9e3779b9) >>> 0])![0]).toBe(i + 1);
    expect(table.bytes).toBe(2 ** 14 * 8);
  });
});
