import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TextTable } from '../../../../src/datasets/text-table.js';
import { cutShards, type PlannedShard, planShards, prefetch } from '../../../../src/pipeline/embed/shards.js';
import type { QaRecord } from '../../../../src/records/record.js';

const record = (i: number): QaRecord => ({ qid: String(i), question: 'q', answer: 'a', model: 'm', lang: 'eng' });

async function* batchesOf(lengths: readonly number[]): AsyncGenerator<{ records: QaRecord[] }> {
  let next = 0;
  for (const length of lengths) {
    await Promise.resolve();
    yield { records: Array.from({ length }, () => record(next++)) };
  }
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('cutShards', () => {
  it('cuts at multiples of the size for any batches, and loses nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(20)),
        fc.integer({ min: 1, max: 30 }),
        fc.nat(100),
        async (lengths, size, first) => {
          const shards = await collect(cutShards(batchesOf(lengths), size, first));
          const total = lengths.reduce((sum, length) => sum + length, 0);
          expect(shards.map((shard) => [shard.number, shard.first])).toEqual(
            shards.map((_, i) => [i, first + i * size]),
          );
          expect(shards.slice(0, -1).every(({ records }) => records.length === size)).toBe(true);
          expect(shards.flatMap(({ records }) => records.map(({ qid }) => Number(qid)))).toEqual([
            ...Array(total).keys(),
          ]);
        },
      ),
    );
  });

  it('ends a shard early if the texts are long', async () => {
    const shards = await collect(cutShards(batchesOf([3, 9]), 10, 5, 8)); // two characters per record
    expect(shards.map(({ number, first, records }) => [number, first, records.length])).toEqual([
      [0, 5, 4],
      [1, 9, 4],
      [2, 13, 4],
    ]);
  });
});

describe('planShards', () => {
  const plan = (answers: string[], size: number, before: string[] = []): Promise<PlannedShard[]> => {
    const rows = (list: string[]): QaRecord[] => list.map((answer, i) => ({ ...record(i), answer }));
    const table = new TextTable();
    [...rows(before), ...rows(answers)].forEach((row, i) => table.add(row, i));
    async function* batches(): AsyncGenerator<{ records: QaRecord[] }> {
      await Promise.resolve();
      yield { records: rows(answers) };
    }
    return collect(planShards(cutShards(batches(), size, before.length), table));
  };

  it('encodes every text once and refers to its row', async () => {
    const shards = await plan(['a', 'b', 'a', ' c ', 'b', 'c', 'd'], 3, ['d', 'e']);
    expect(shards.map(({ origins }) => [...origins])).toEqual([[2, 3, 2], [5, 3, 5], [0]]);
    expect(shards.map(({ fresh }) => fresh.map(({ answer }) => answer))).toEqual([['a', 'b'], [' c '], []]);
  });

  it('detects an input that has changed since it was read', async () => {
    const table = new TextTable();
    await expect(collect(planShards(cutShards(batchesOf([1]), 3), table))).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('changed') as string,
    });
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

  it('prepares one item ahead and keeps the order', async () => {
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

  it('closes the source if the consumer stops early, even if the source fails', async () => {
    const log: string[] = [];
    for await (const item of prefetch(count(log, 1))) if (item === 0) break;
    expect(log.at(-1)).toBe('closed');
  });
});
