import { PassThrough } from 'node:stream';

import { describe, expect, it } from 'vitest';

import { ByteBudget } from '../../../src/server/byte-budget.js';
import { readBody } from '../../../src/server/request-body.js';

const request = (length?: number) =>
  Object.assign(new PassThrough(), { headers: length === undefined ? {} : { 'content-length': String(length) } });
const read = (source: PassThrough, limit: number, budget = new ByteBudget(1e9)) =>
  readBody(source as unknown as Parameters<typeof readBody>[0], { limit, held: budget.open() });

describe('readBody', () => {
  it('joins pieces of any size', async () => {
    const source = request();
    const body = read(source, 10_000);
    const all = Buffer.from(Array.from({ length: 10_000 }, (_, i) => i % 251));
    for (let begin = 0, size = 1; begin < all.length; begin += size, size = (size * 7) % 4001)
      source.write(all.subarray(begin, begin + size));
    source.end();
    expect(all.equals(await body)).toBe(true);
  });

  it('refuses a body that is too large, whether it says so or not, and drops the rest', async () => {
    await expect(read(request(11), 10)).rejects.toMatchObject({ code: 'body_too_large' });
    const source = request();
    const body = read(source, 10);
    source.write('x'.repeat(11));
    await expect(body).rejects.toMatchObject({ code: 'body_too_large' });
    for (let i = 0; i < 100; i++) source.write('x'.repeat(10_000));
    await new Promise((resolve) => source.end(resolve));
    await new Promise(setImmediate);
    expect(source.readableLength).toBe(0);
  });

  it('refuses a body for which there is no room, except a small one', async () => {
    const budget = new ByteBudget(100_000);
    const first = request();
    const body = read(first, 1e6, budget);
    first.write(Buffer.alloc(160_000));
    await new Promise(setImmediate);
    expect(budget.used).toBe(160_000 - 65_536);
    const second = request();
    const refused = read(second, 1e6, budget);
    second.write(Buffer.alloc(80_000));
    await expect(refused).rejects.toMatchObject({ code: 'ERR_OVERLOADED', retryAfter: 1 });
    const small = request();
    small.end(Buffer.alloc(60_000));
    expect(await read(small, 1e6, budget)).toHaveLength(60_000);
    first.end();
    await body;
  });
});
