import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';

import { Queue } from 'bullmq';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { openDataset } from '../../src/data/dataset.js';
import { runCli, startCli, type CliResult, type CliRun } from '../support/cli.js';
import { bytesOf } from '../support/folder-bytes.js';
import { seededRandom } from '../support/random.js';
import { NO_REDIS, RedisServer } from '../support/redis-server.js';

const SAMPLE = fileURLToPath(new URL('../../examples/quickstart/answers.jsonl.gz', import.meta.url));
const env = { UNIVAR_THREADS: '1', OMP_NUM_THREADS: '1' };
const SHARD_ROWS = 64;
const scratch = mkdtempSync(join(tmpdir(), 'univar-queue-'));
const inputs = join(scratch, 'inputs');
const encoder = join(scratch, 'encoder');

describe.skipIf(NO_REDIS !== undefined)(`embed --queue and worker${NO_REDIS === undefined ? '' : ` (${NO_REDIS})`}`, () => {
  let redis: RedisServer;
  const running: CliRun[] = [];

  beforeAll(async () => {
    mkdirSync(inputs);
    const lines = gunzipSync(readFileSync(SAMPLE)).toString().trimEnd().split('\n');
    writeFileSync(join(inputs, 'a.jsonl'), `${lines.slice(0, 1200).join('\n')}\n`);
    // Some shards have texts of others, and one has nothing else.
    writeFileSync(join(inputs, 'b.jsonl'), `${[...lines.slice(1100, 1150), ...lines.slice(0, 140), ...lines.slice(1200, 1600)].join('\n')}\n`);
    expect((await runCli(['random-encoder', '--layers', '4', '--hidden', '128', '--out', encoder])).code).toBe(0);
    redis = await RedisServer.start(scratch);
  });
  afterEach(async () => {
    for (const { child, result } of running.splice(0)) {
      child.kill('SIGKILL');
      await result;
    }
  });
  afterAll(async () => {
    await redis.kill();
    rmSync(scratch, { recursive: true });
  });

  const embedArgs = (out: string): string[] => ['embed', inputs, '--encoder', encoder, '--out', join(scratch, out), '--shard-rows', String(SHARD_ROWS), '--json'];
  const start = (args: string[]): CliRun => {
    const run = startCli(args, { env });
    running.push(run);
    return run;
  };
  const startWorker = (args: string[] = []): CliRun => start(['worker', '--queue', redis.url, '--encoder', encoder, '--lease', '1', ...args]);

  let alone: Record<string, Buffer>;
  it('gives the same as one machine alone, although workers are killed at random and Redis is restarted', async () => {
    expect(await runCli(embedArgs('alone'), { env })).toMatchObject({ code: 0 });
    alone = bytesOf(join(scratch, 'alone'));
    const out = join(scratch, 'shared');
    const random = seededRandom(7);
    const state = { over: false };
    const planner = start([...embedArgs('shared'), '--queue', redis.url]);
    const ended = planner.result.finally(() => (state.over = true));
    const workers = [startWorker(), startWorker()];
    let kills = 0;
    const chaos = (async () => {
      while (!state.over && kills < 8) {
        await sleep(300 + random() * 1500);
        const victim = Math.floor(random() * workers.length);
        workers[victim]!.child.kill('SIGKILL');
        workers[victim] = startWorker();
        kills++;
        if (kills !== 3) continue;
        await redis.kill();
        await sleep(500);
        await redis.start();
      }
    })();
    const { code, stdout, stderr } = await ended;
    await chaos;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(kills).toBeGreaterThan(3);
    expect(JSON.parse(stdout)).toMatchObject({ rows: 1790, addedRows: 1790, rejected: 0 });
    expect(bytesOf(out)).toEqual(alone);
    expect((await openDataset(out, { verify: true })).rows).toBe(1790);
    expect(readdirSync(out).some((name) => name.startsWith('work-'))).toBe(false);
  }, 300_000);

  it('goes on where a planner was killed, without asking for a shard again that has a file', async () => {
    const planner = start([...embedArgs('resumed'), '--queue', redis.url]);
    const worker = startWorker();
    const out = join(scratch, 'resumed');
    const results = (): string[] => {
      try {
        return readdirSync(out, { recursive: true }).map(String).filter((name) => /work-.*\.npy$|shards-.*\.npy$/.test(name));
      } catch {
        return [];
      }
    };
    while (results().length < 4) await sleep(20);
    planner.child.kill('SIGKILL');
    await planner.result;
    // On its own, and here: the work of the others counts all the same.
    worker.child.kill('SIGKILL');
    const second = start([...embedArgs('resumed'), '--queue', redis.url]);
    const workers = [startWorker(), startWorker()];
    expect(await second.result).toMatchObject({ code: 0 });
    expect(bytesOf(out)).toEqual(alone);
    workers[0]!.child.kill('SIGTERM');
    expect(await workers[0]!.result).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Computed \d+ shards?/) as string });
  }, 300_000);

  it('does a shard twice to the same end', async () => {
    const queue = new Queue('univar-embed', { connection: { url: redis.url } });
    const planner = start([...embedArgs('twice'), '--queue', redis.url]);
    let copied = 0;
    // The same jobs under other ids: two workers do each of them at the same time.
    while (copied < 10) {
      const jobs = await queue.getJobs(['waiting']);
      for (const job of jobs) {
        if (String(job.id).startsWith('again')) continue;
        await queue.add('shard', job.data as object, { jobId: `again-${String(job.id)}`, lifo: true, removeOnComplete: true });
        copied++;
      }
      await sleep(50);
    }
    startWorker();
    startWorker();
    expect(await planner.result).toMatchObject({ code: 0 });
    expect(bytesOf(join(scratch, 'twice'))).toEqual(alone);
    await queue.obliterate({ force: true });
    await queue.close();
  }, 300_000);

  it('names a worker with another encoder, and a Redis that does not answer', async () => {
    const other = join(scratch, 'other-encoder');
    expect((await runCli(['random-encoder', '--layers', '4', '--hidden', '128', '--seed', '1', '--out', other])).code).toBe(0);
    const planner = start([...embedArgs('other'), '--queue', redis.url]);
    await new Promise<void>((resolve) => {
      planner.child.stderr!.on('data', (text) => String(text).includes('no worker is connected') && resolve());
    });
    const refused: CliResult = await start(['worker', '--queue', redis.url, '--encoder', other]).result;
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/The jobs are for the encoder "encoder".*--encoder/) as string });
    planner.child.kill('SIGINT');
    expect(await planner.result).toMatchObject({ code: 130, stderr: expect.stringContaining('Interrupted') as string });
    // What nobody waits for any more is not left for the workers.
    const queue = new Queue('univar-embed', { connection: { url: redis.url } });
    expect(await queue.getJobs(['waiting', 'delayed', 'failed'])).toEqual([]);
    await queue.close();
    const nowhere = await runCli(['worker', '--queue', 'redis://user:secret@127.0.0.1:1']);
    expect(nowhere).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error: Redis at redis:\/\/127\.0\.0\.1:1 does not answer/) as string });
    expect(nowhere.stderr).not.toContain('secret');
    expect(await runCli(['worker', '--queue', 'http://127.0.0.1'])).toMatchObject({ code: 2, stderr: expect.stringMatching(/redis:\/\//) as string });
  }, 120_000);
});
