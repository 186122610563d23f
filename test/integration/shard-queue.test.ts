import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { EngineError } from '../../src/core/errors.js';
import { reachRedis } from '../../src/queue/redis.js';
import { isShardJob, type ShardJob } from '../../src/queue/shard-job.js';
import { ShardQueue } from '../../src/queue/shard-queue.js';
import { takeJobs } from '../../src/queue/take-jobs.js';
import { WorkFiles } from '../../src/queue/work-files.js';
import { NO_REDIS, RedisServer } from '../support/redis-server.js';

const DIM = 2;
const FOLDER = 'work-01234567';
const TEXTS = [
  { question: 'Why?', answer: 'Because.' },
  { question: 'Why not?', answer: 'Because not.' },
];

describe.skipIf(NO_REDIS !== undefined)(`ShardQueue${NO_REDIS === undefined ? '' : ` (${NO_REDIS})`}`, () => {
  let root: string;
  let redis: RedisServer;
  let queue: ShardQueue;
  const notices: string[] = [];
  const workers: number[] = [];

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'univar-shard-queue-'));
    redis = await RedisServer.start(root);
    notices.length = workers.length = 0;
    queue = await ShardQueue.open({
      connection: await reachRedis(redis.url),
      name: root,
      root,
      exchange: false,
      folder: FOLDER,
      dim: DIM,
      encoder: { name: 'e', fingerprint: 'f', maxTokens: 8, backend: 'native', precision: 'f32', batchTokens: null },
      signal: new AbortController().signal,
      onNotice: (text) => notices.push(text),
      onWorkers: (count) => workers.push(count),
    });
    for (const shard of [0, 1, 2]) await queue.announce(shard, TEXTS, 10);
  });
  afterEach(async () => {
    await queue.close();
    await redis.kill();
    rmSync(root, { recursive: true });
  });
  const finish = (shard: number): Promise<void> =>
    new WorkFiles(join(root, FOLDER)).writeResult(shard, DIM, {
      embeddings: new Float32Array(4).fill(shard),
      tokens: 3,
    });

  it('counts finished shards in any order, and gives results while Redis is down', async () => {
    const counts: number[] = [];
    queue.watchFinished((rows) => counts.push(rows));
    const first = queue.result(0);
    await finish(2);
    await finish(1);
    await expect.poll(() => counts, { timeout: 5000 }).toEqual([0, 10, 20]);
    await redis.kill();
    await finish(0);
    expect((await first).embeddings).toEqual(new Float32Array(4));
    expect((await queue.result(2)).embeddings[0]).toBe(2);
    expect(counts).toEqual([0, 10, 20, 30]);
  });

  it('tells within seconds that a worker failed at any shard, and how many workers there are', async () => {
    const waiting = queue.result(0);
    waiting.catch(() => undefined);
    await expect.poll(() => notices, { timeout: 5000 }).toEqual([expect.stringContaining('no worker is connected')]);
    const client = new Redis(redis.url);
    const [name] = await client.smembers('univar:runs');
    client.disconnect();
    const connection = await reachRedis(redis.url);
    const signal = new AbortController().signal;
    const work = async ({ shard }: ShardJob): Promise<void> => {
      if (shard !== 2) return finish(shard);
      await expect.poll(() => workers, { timeout: 5000 }).toEqual([0, 1]);
      throw new EngineError('ERR_IO', 'the disk is full');
    };
    const working = takeJobs({ connection, name: name!, concurrency: 1, lease: 1, signal, isJob: isShardJob }, work);
    await expect(working).rejects.toMatchObject({ code: 'ERR_IO' });
    await expect.poll(() => notices, { timeout: 3000 }).toContain('a worker failed at shard 2: the disk is full');
    await expect.poll(() => workers, { timeout: 3000 }).toEqual([0, 1, 0]);
    await waiting;
  });
});
