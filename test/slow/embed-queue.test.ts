import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';

import { openDataset } from '../../src/datasets/dataset.js';
import { bytesOf } from '../support/folder-bytes.js';
import { QueueScene } from '../support/queue-scene.js';
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
    });

    it('gives the same result if a shard is computed twice', async () => {
      const planner = scene.startPlanner('twice');
      const client = new Redis(scene.redis.url);
      await expect.poll(() => client.smembers('univar:runs'), { timeout: 60_000 }).toHaveLength(1);
      const queue = new Queue((await client.smembers('univar:runs'))[0]!, { connection: { url: scene.redis.url } });
      client.disconnect();
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
      await queue.close();
    });
  },
);
