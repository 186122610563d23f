import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EngineError } from '../../src/core/errors.js';
import { JobQueue } from '../../src/queue/job-queue.js';
import { reachRedis } from '../../src/queue/redis.js';
import { OWN_VERSION, type RunBase } from '../../src/queue/run-registry.js';
import { serveRuns } from '../../src/queue/serve-runs.js';
import { NO_REDIS, RedisServer } from '../support/redis-server.js';

describe.skipIf(NO_REDIS !== undefined)(`serveRuns${NO_REDIS === undefined ? '' : ` (${NO_REDIS})`}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'univar-serve-runs-'));
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start(folder);
  });
  afterAll(async () => {
    await redis.kill();
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['the error of a job that fails after the signal', new EngineError('ERR_IO', 'the disk is full')],
    ['nothing if the last job succeeds', undefined],
  ])('reports %s', async (_, failure) => {
    const connection = await reachRedis(redis.url);
    const run: RunBase = { kind: 'embed', queue: 'univar-test', name: 'a run', ...OWN_VERSION };
    const onNotice = (): void => undefined;
    const jobs = await JobQueue.open({
      connection,
      run,
      prefix: 'job',
      keepDone: false,
      workerCommand: 'univar worker',
      onNotice,
    });
    await jobs.keepAnnounced();
    await jobs.add([{ id: jobs.idOf(1), data: {} }]);
    const stop = new AbortController();
    const serving = serveRuns({
      connection,
      kind: 'embed',
      concurrency: 1,
      lease: 1,
      signal: stop.signal,
      onNotice,
      parseRun: (found) => found,
      whyNot: () => Promise.resolve(undefined),
      isJob: () => true,
      work: () => {
        stop.abort();
        return failure ? Promise.reject(failure) : Promise.resolve();
      },
    });
    const outcome: unknown = await serving.catch((error: unknown) => error);
    jobs.discard();
    await jobs.close([]);
    expect(outcome).toBe(failure);
  });
});
