import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { Request } from '../../src/generation/call.js';
import type { Endpoint } from '../../src/generation/project-types.js';
import { generateRun } from '../../src/queue/call-job.js';
import { CallQueue } from '../../src/queue/call-queue.js';
import { reachRedis } from '../../src/queue/redis.js';
import { takeJobs } from '../../src/queue/take-jobs.js';
import { NO_REDIS, RedisServer } from '../support/redis-server.js';

const PROJECT = 'project';
const REQUEST: Request = { kind: 'translate', engine: 'e', from: 'eng', to: 'spa', text: 'Why?' };
const ENDPOINTS = new Map([['e', { kind: 'apertium', command: 'apertium' } as Endpoint]]);
const NAME = generateRun(PROJECT, ENDPOINTS).queue;

describe.skipIf(NO_REDIS !== undefined)(`CallQueue (${NO_REDIS ?? 'Redis'})`, { timeout: 20_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'univar-call-queue-'));
  let redis: RedisServer;
  let client: Redis;
  let queue: CallQueue | undefined;
  beforeAll(async () => {
    redis = await RedisServer.start(folder);
    client = new Redis(redis.url);
    client.on('error', () => undefined);
  });
  afterEach(async () => {
    await queue?.close();
    queue = undefined;
    await client.config('SET', 'maxmemory', '0');
    await client.flushall();
  });
  afterAll(async () => {
    client.disconnect();
    await redis.kill();
    rmSync(folder, { recursive: true });
  });
  const open = async (): Promise<CallQueue> =>
    (queue = await CallQueue.open({
      connection: await reachRedis(redis.url),
      project: PROJECT,
      endpoints: ENDPOINTS,
      out: 'out',
      onNotice: () => undefined,
    }));
  const attempt = async () => (await open()).endpoint('e')(REQUEST, undefined);
  /** Starts a worker whose outcome of every job is `outcome`. */
  const work = async (outcome: unknown, signal: AbortSignal): Promise<void> =>
    takeJobs(
      { connection: await reachRedis(redis.url), name: NAME, concurrency: 1, lease: 1, signal, isJob: () => true },
      () => Promise.resolve(outcome),
    );

  it('ends a call with the reason if Redis refuses, on both sides', async () => {
    const refusal = { code: 'ERR_REMOTE', message: expect.stringContaining('OOM command not allowed') as string };
    const worker = expect(work({}, new AbortController().signal)).rejects.toMatchObject(refusal);
    await client.config('SET', 'maxmemory', '1');
    await expect(attempt()).rejects.toMatchObject(refusal);
    await worker;
  });

  it('ends a call with the reason if the queue has an unreadable entry', async () => {
    const foreign = new Queue(NAME, { connection: { url: redis.url } });
    const call = attempt();
    const { id } = await foreign.add('x', {}, { jobId: 'x-1' });
    await client.hset(`bull:${NAME}:${id}`, 'data', 'no JSON');
    await client.lrem(`bull:${NAME}:wait`, 0, id!);
    await client.zadd(`bull:${NAME}:completed`, 1, id!);
    await expect(call).rejects.toMatchObject({
      code: 'ERR_REMOTE',
      message: expect.stringMatching(
        /^The queue univar-generate-2-project-\w+ in Redis cannot be used: .*JSON/,
      ) as string,
    });
    await foreign.close();
  });

  it.each([[null], ['text'], [{ result: 5 }]])('ends a call whose outcome is %j', async (outcome) => {
    const stop = new AbortController();
    const worker = work(outcome, stop.signal);
    await expect(attempt()).rejects.toMatchObject({ code: 'ERR_REMOTE' });
    stop.abort();
    await worker;
  });

  it('survives a server restart in the middle of a call, and can be closed while one waits', async () => {
    const call = attempt();
    call.catch(() => undefined);
    await sleep(100);
    await redis.kill();
    await redis.start();
    await sleep(600);
    await queue!.close();
    await expect(call).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
  });
});
