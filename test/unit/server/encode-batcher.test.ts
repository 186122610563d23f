import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { EncodeBatcher, type EncodedBatch } from '../../../src/server/encode-batcher.js';
import { OverloadedError } from '../../../src/server/overloaded-error.js';
import { SlowEncoder, vectorOf } from '../../support/slow-encoder.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));
const settled = async (encoder: SlowEncoder, calls: number) => {
  while (encoder.calls.length < calls) await turn();
};

describe('EncodeBatcher', () => {
  it('encodes requests that arrived during a batch together, in order', async () => {
    const encoder = new SlowEncoder();
    const batches: EncodedBatch[] = [];
    const batcher = new EncodeBatcher(encoder, { maxWaitMs: 0, onBatch: (batch) => batches.push(batch) });
    const first = batcher.encode(['a']);
    await settled(encoder, 1);
    const others = [batcher.encode(['bb', 'ccc']), batcher.encode([{ question: 'x', answer: 'y' }])];
    expect(batcher.waitingTokens).toBeGreaterThan(0);
    encoder.release();
    expect(await first).toEqual({ embeddings: Float32Array.from(vectorOf('a')), tokens: 1 });
    await settled(encoder, 2);
    encoder.release();
    expect((await Promise.all(others)).map(({ tokens }) => tokens)).toEqual([5, 9]);
    expect(encoder.calls).toEqual([['a'], ['bb', 'ccc', 'Q: x A: y']]);
    expect(batches.map(({ texts, requests, tokens }) => ({ texts, requests, tokens }))).toEqual([
      { texts: 1, requests: 1, tokens: 1 },
      { texts: 3, requests: 2, tokens: 14 },
    ]);
    expect(batcher.waitingTokens).toBe(0);
  });

  it('waits for more requests while the encoder is idle', async () => {
    const encoder = new SlowEncoder(0);
    const batcher = new EncodeBatcher(encoder, { maxWaitMs: 50 });
    const first = batcher.encode(['a']);
    await turn();
    await Promise.all([first, batcher.encode(['b'])]);
    expect(encoder.calls).toEqual([['a', 'b']]);
  });

  it('does not wait longer than the encoder needs for the texts', async () => {
    const encoder = new SlowEncoder();
    encoder.free();
    const maxWaitMs = 500;
    const batcher = new EncodeBatcher(encoder, { maxWaitMs });
    await batcher.encode(['a']); // waits, because the speed of the encoder is not known yet
    const start = performance.now();
    await batcher.encode(['b']);
    expect(performance.now() - start).toBeLessThan(maxWaitMs / 2);
  });

  it('keeps to the token budget, also within a request, and gives a larger text its own batch', async () => {
    const encoder = new SlowEncoder(0);
    const batcher = new EncodeBatcher(encoder, { batchTokens: 10, maxWaitMs: 0 });
    const long = 'x'.repeat(60); // 22 tokens by the estimate; the others have 4
    const { embeddings } = await batcher.encode(['aaaa', 'bbbb', 'cccc', long, 'dddd']);
    expect(encoder.calls).toEqual([['aaaa', 'bbbb'], ['cccc'], [long], ['dddd']]);
    expect([...embeddings]).toEqual(['aaaa', 'bbbb', 'cccc', long, 'dddd'].flatMap(vectorOf));
  });

  it('gives every request its own rows in any combination', async () => {
    const requests = fc.array(
      fc.array(
        fc.string({ minLength: 1, maxLength: 12 }).filter((text) => text !== 'bad'),
        { maxLength: 6 },
      ),
      { minLength: 1, maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(requests, fc.integer({ min: 1, max: 40 }), async (all, batchTokens) => {
        const batcher = new EncodeBatcher(new SlowEncoder(0), { batchTokens, maxWaitMs: 0, queueTokens: 1e9 });
        const results = await Promise.all(all.map((texts) => batcher.encode(texts)));
        expect(results.map(({ embeddings }) => [...embeddings])).toEqual(all.map((texts) => texts.flatMap(vectorOf)));
        expect(results.map(({ tokens }) => tokens)).toEqual(all.map((texts) => texts.join('').length));
        expect(batcher.waitingTokens).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  it('rejects requests that do not fit into the queue, and says when to retry', async () => {
    const encoder = new SlowEncoder();
    const batcher = new EncodeBatcher(encoder, { batchTokens: 4, maxWaitMs: 0, queueTokens: 8 });
    const running = batcher.encode(['a']);
    await settled(encoder, 1);
    const large = batcher.encode(Array<string>(9).fill('b')); // accepted, because nothing waits
    const refused = await batcher.encode(['c']).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(OverloadedError);
    expect(refused).toMatchObject({ code: 'ERR_OVERLOADED', httpStatus: 503 });
    expect((refused as OverloadedError).retryAfter).toBeGreaterThanOrEqual(1);
    const pump = setInterval(() => encoder.release(), 1);
    await Promise.all([running, large]);
    expect((await batcher.encode(['c'])).tokens).toBe(1);
    clearInterval(pump);
  });

  it('drops requests that nobody waits for', async () => {
    const encoder = new SlowEncoder();
    const batcher = new EncodeBatcher(encoder, { maxWaitMs: 0 });
    const client = new AbortController();
    const leaving = new AbortController();
    const running = batcher.encode(['a'], leaving.signal);
    await settled(encoder, 1);
    const waiting = batcher.encode(['b', 'c'], client.signal);
    const staying = batcher.encode(['d']);
    client.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    leaving.abort(); // during its computation
    await expect(running).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    encoder.release();
    await settled(encoder, 2);
    encoder.release();
    await staying;
    expect(encoder.calls).toEqual([['a'], ['d']]);
    expect(batcher.waitingTokens).toBe(0);
    await expect(batcher.encode(['e'], client.signal)).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    await batcher.idle();
  });

  it('fails only the request whose text fails', async () => {
    const encoder = new SlowEncoder(0);
    const batcher = new EncodeBatcher(encoder, { maxWaitMs: 5 });
    const results = await Promise.allSettled([batcher.encode(['a']), batcher.encode(['bad']), batcher.encode(['c'])]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await batcher.idle();
  });
});
