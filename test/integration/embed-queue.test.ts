import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Queue } from 'bullmq';
import { describe, expect, it } from 'vitest';

import { openDataset } from '../../src/datasets/dataset.js';
import { type CliResult, runCli } from '../support/cli.js';
import { bytesOf } from '../support/folder-bytes.js';
import { QueueScene, saying } from '../support/queue-scene.js';
import { seededRandom } from '../support/random.js';
import { NO_REDIS } from '../support/redis-server.js';

describe.skipIf(NO_REDIS !== undefined)(
  `embed --queue and worker${NO_REDIS === undefined ? '' : ` (${NO_REDIS})`}`,
  () => {
    const files = {
      'a.jsonl': (lines: string[]) => lines.slice(0, 1200),
      // Some shards share texts with others, and one has no other texts.
      'b.jsonl': (lines: string[]) => [...lines.slice(1100, 1150), ...lines.slice(0, 140), ...lines.slice(1200, 1600)],
    };
    const scene = new QueueScene(files, { layers: 4, hidden: 128 }, 64);
    const { scratch } = scene;

    let alone: Record<string, Buffer>;
    it('gives the result of one machine, even if workers are killed at random and Redis is restarted', async () => {
      alone = await scene.embedAlone();
      const out = join(scratch, 'shared');
      const random = seededRandom(7);
      const state = { over: false };
      const planner = scene.startPlanner('shared');
      const ended = planner.result.finally(() => (state.over = true));
      const workers = [scene.startWorker(), scene.startWorker()];
      let kills = 0;
      const chaos = (async () => {
        while (!state.over && kills < 8) {
          await sleep(300 + random() * 1500);
          const victim = Math.floor(random() * workers.length);
          workers[victim]!.child.kill('SIGKILL');
          workers[victim] = scene.startWorker();
          kills++;
          if (kills !== 3) continue;
          await scene.redis.kill();
          await sleep(500);
          await scene.redis.start();
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

    it('resumes after a killed planner, without requesting shards again that have a file', async () => {
      const planner = scene.startPlanner('resumed');
      const worker = scene.startWorker();
      const out = join(scratch, 'resumed');
      const results = (): string[] => {
        try {
          return readdirSync(out, { recursive: true })
            .map(String)
            .filter((name) => /work-.*\.result$|shards-.*\.npy$/.test(name));
        } catch {
          return [];
        }
      };
      while (results().length < 4) await sleep(20);
      planner.child.kill('SIGKILL');
      await planner.result;
      // Without the queue, the work of the others still counts.
      worker.child.kill('SIGKILL');
      const second = scene.startPlanner('resumed');
      const workers = [scene.startWorker(), scene.startWorker()];
      expect(await second.result).toMatchObject({ code: 0 });
      expect(bytesOf(out)).toEqual(alone);
      workers[0]!.child.kill('SIGTERM');
      expect(await workers[0]!.result).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^Computed \d+ shards?/) as string,
      });
    }, 300_000);

    it('gives the same result if a shard is computed twice', async () => {
      const queue = new Queue('univar-embed', { connection: { url: scene.redis.url } });
      const planner = scene.startPlanner('twice');
      let copied = 0;
      // The same jobs under other ids: two workers process each of them at the same time.
      while (copied < 10) {
        const jobs = await queue.getJobs(['waiting']);
        for (const job of jobs) {
          if (String(job.id).startsWith('again')) continue;
          await queue.add('shard', job.data as object, {
            jobId: `again-${String(job.id)}`,
            lifo: true,
            removeOnComplete: true,
          });
          copied++;
        }
        await sleep(50);
      }
      scene.startWorker();
      scene.startWorker();
      expect(await planner.result).toMatchObject({ code: 0 });
      expect(bytesOf(join(scratch, 'twice'))).toEqual(alone);
      await queue.obliterate({ force: true });
      await queue.close();
    }, 300_000);

    it('reports a worker with another encoder, and a Redis that does not answer', async () => {
      const other = join(scratch, 'other-encoder');
      expect(
        (await runCli(['random-encoder', '--layers', '4', '--hidden', '128', '--seed', '1', '--out', other])).code,
      ).toBe(0);
      const planner = scene.startPlanner('other');
      await saying(planner, 'no worker is connected');
      const refused: CliResult = await scene.start(['worker', '--queue', scene.redis.url, '--encoder', other]).result;
      expect(refused).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/The jobs are for the encoder "encoder".*--encoder/) as string,
      });
      planner.child.kill('SIGINT');
      expect(await planner.result).toMatchObject({
        code: 130,
        stderr: expect.stringContaining('Interrupted') as string,
      });
      // Jobs that nobody waits for are removed.
      const queue = new Queue('univar-embed', { connection: { url: scene.redis.url } });
      expect(await queue.getJobs(['waiting', 'delayed', 'failed'])).toEqual([]);
      await queue.close();
      const nowhere = await runCli(['worker', '--queue', 'redis://user:secret@127.0.0.1:1']);
      expect(nowhere).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^error: Redis at redis:\/\/127\.0\.0\.1:1 does not answer/) as string,
      });
      expect(nowhere.stderr).not.toContain('secret');
      expect(await runCli(['worker', '--queue', 'http://127.0.0.1'])).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/redis:\/\//) as string,
      });
    }, 120_000);
  },
);
