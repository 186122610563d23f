import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openDataset } from '../../src/datasets/dataset.js';
import { seededRandom } from '../support/random.js';
import { makeServedDataset, type RunningServer, type ServedDataset, startServe } from '../support/served.js';

const scratch = mkdtempSync(join(tmpdir(), 'univar-serve-crash-'));
let served: ServedDataset;
let dim: number;
beforeAll(async () => {
  served = await makeServedDataset(scratch);
  rmSync(join(served.dir, 'index.json')); // exact search finds all existing rows
  ({ dim } = await openDataset(served.dir));
});
afterAll(() => rmSync(scratch, { recursive: true }));

const CLIENTS = 8;
const random = seededRandom(7);

interface Acknowledged {
  row: number;
  answer: string;
  vector: number[];
}

/** Runs clients that add answers with vectors until the server is gone, and returns the acknowledged ones. */
async function addUntilGone({ post }: RunningServer, round: number, acknowledged: Acknowledged[]): Promise<void> {
  const client = async (name: number): Promise<void> => {
    for (let i = 0; ; i++) {
      const answer = `round ${round} client ${name} answer ${i}`;
      const vector = Array.from({ length: dim }, () => Math.fround(10 + 10 * random()));
      try {
        const { status, body } = await post('/v1/index', {
          records: [{ qid: 'q', question: 'w1', answer, model: 'm', lang: 'eng' }],
          vectors: [vector],
        });
        if (status === 201) acknowledged.push({ row: (body['rows'] as unknown as [number])[0], answer, vector });
      } catch {
        return; // killed before the response
      }
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, name) => client(name)));
}

describe('kill -9 while answers are added', () => {
  it('loses no acknowledged addition and gives no row twice', async () => {
    const acknowledged: Acknowledged[] = [];
    for (let round = 0; round < 4; round++) {
      const server = await startServe(['--index', served.dir]);
      const adding = addUntilGone(server, round, acknowledged);
      const before = acknowledged.length;
      while (acknowledged.length < before + 20) await sleep(5);
      await sleep(100 * random());
      server.child.kill('SIGKILL');
      await adding;
      expect((await server.result).signal).toBe('SIGKILL');
    }
    const { post, send } = await startServe(['--index', served.dir]);
    const { body: index } = await send('GET', '/v1/index');
    expect(index['added']).toBeGreaterThanOrEqual(acknowledged.length);
    expect(new Set(acknowledged.map(({ row }) => row)).size).toBe(acknowledged.length);
    for (let begin = 0; begin < acknowledged.length; begin += 1000) {
      const some = acknowledged.slice(begin, begin + 1000);
      const { body } = await post('/v1/search', { vectors: some.map(({ vector }) => vector), k: 1, answers: true });
      const results = body['results'] as unknown as { neighbours: [{ row: number; answer: string }] }[];
      expect(results.map(({ neighbours: [{ row, answer }] }) => ({ row, answer }))).toEqual(
        some.map(({ row, answer }) => ({ row, answer })),
      );
    }
  });
});

describe('SIGTERM', () => {
  it('answers accepted requests, and exits successfully', async () => {
    const { child, result, post, send, log } = await startServe(['--index', served.dir, '--drain-delay', '1']);
    const large = post('/v1/embeddings', { input: Array.from({ length: 2048 }, (_, i) => `w${i % 300} `.repeat(40)) });
    await sleep(50);
    child.kill('SIGTERM');
    while (!log().includes('draining')) await sleep(5);
    expect(await send('GET', '/readyz')).toMatchObject({ status: 503, body: { status: 'draining' } });
    expect((await post('/v1/search', { vectors: [Array<number>(dim).fill(0)], k: 1 })).status).toBe(200);
    const { status, body } = await large;
    expect([status, (body['data'] as unknown as unknown[]).length]).toEqual([200, 2048]);
    expect(await result).toMatchObject({ code: 0, signal: null });
  });
});
