import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { cutWindows, prefetch } from '../../../src/cli/embed/windows.js';
import type { QaRecord } from '../../../src/data/record.js';

const record = (i: number): QaRecord => ({ qid: String(i), question: 'q', answer: 'a', model: 'm', lang: 'eng' });

async function* batchesOf(lengths: readonly number[]): AsyncGenerator<{ records: QaRecord[] }> {
  let next = 0;
  for (const length of lengths) {
    await Promise.resolve();
    yield { records: Array.from({ length }, () => record(next++)) };
  }
}

describe('cutWindows', () => {
  it('cuts at multiples of the size whatever the batches are, and loses nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(20)), fc.integer({ min: 1, max: 30 }), async (lengths, size) => {
        const windows = [];
        for await (const window of cutWindows(batchesOf(lengths), size)) windows.push(window);
        const total = lengths.reduce((sum, length) => sum + length, 0);
        expect(windows.map(({ first }) => first)).toEqual(windows.map((_, i) => i * size));
        expect(windows.slice(0, -1).every(({ records }) => records.length === size)).toBe(true);
        expect(windows.flatMap(({ records }) => records.map(({ qid }) => Number(qid)))).toEqual([...Array(total).keys()]);
      }),
    );
  });
});

describe('prefetch', () => {
  async function* count(log: string[], failAt = Infinity): AsyncGenerator<number> {
    try {
      for (let i = 0; i < 4; i++) {
        await Promise.resolve();
        if (i === failAt) throw new Error(`broken at ${i}`);
        log.push(`made ${i}`);
        yield i;
      }
    } finally {
      log.push('closed');
    }
  }

  it('makes one item ahead and keeps the order', async () => {
    const log: string[] = [];
    for await (const item of prefetch(count(log))) {
      await new Promise((resolve) => setImmediate(resolve));
      log.push(`used ${item}`);
    }
    expect(log).toEqual(['made 0', 'made 1', 'used 0', 'made 2', 'used 1', 'made 3', 'used 2', 'closed', 'used 3']);
  });

  it('reports an error of the source after the items before it', async () => {
    const used: number[] = [];
    await expect(async () => {
      for await (const item of prefetch(count([], 2))) used.push(item);
    }).rejects.toThrow('broken at 2');
    expect(used).toEqual([0, 1]);
  });

  it('closes the source when the consumer stops early, also while the source fails', async () => {
    const log: string[] = [];
    for await (const item of prefetch(count(log, 1))) if (item === 0) break;
    expect(log.at(-1)).toBe('closed');
  });
});
