import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Redis } from 'ioredis';
import { beforeAll, describe, expect, it } from 'vitest';

import { runCli } from '../support/cli.js';
import { bytesOf } from '../support/folder-bytes.js';
import { QueueScene, saying } from '../support/queue-scene.js';
import { NO_REDIS } from '../support/redis-server.js';

describe.skipIf(NO_REDIS !== undefined)(
  `embed --queue and worker${NO_REDIS === undefined ? '' : ` (${NO_REDIS})`}`,
  () => {
    const files = {
      'a.jsonl': (lines: string[]) => lines.slice(0, 400),
      // Some shards share texts with others, and one has no other texts.
      'b.jsonl': (lines: string[]) => [...lines.slice(350, 400), ...lines.slice(0, 50), ...lines.slice(400, 500)],
    };
    const scene = new QueueScene(files, { layers: 4, hidden: 128 }, 50);
    const { scratch } = scene;

    let alone: Record<string, Buffer>;
    beforeAll(async () => {
      alone = await scene.embedAlone();
    });

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
        code: 143,
        stdout: expect.stringMatching(/^Computed \d+ shards?/) as string,
      });
    });

    it('exchanges files through a separate folder, and leaves it empty', async () => {
      const exchange = join(scratch, 'exchange');
      mkdirSync(exchange);
      const planner = scene.startPlanner('exchanged', ['--exchange', exchange]);
      scene.startWorker(['--exchange', exchange]);
      expect(await planner.result).toMatchObject({ code: 0 });
      expect(bytesOf(join(scratch, 'exchanged'))).toEqual(alone);
      expect(readdirSync(exchange)).toEqual([]);
    });

    it('reports a worker with another encoder, and a Redis that does not answer', async () => {
      const other = join(scratch, 'other-encoder');
      expect(
        (await runCli(['random-encoder', '--layers', '1', '--hidden', '32', '--seed', '1', '--out', other])).code,
      ).toBe(0);
      const planner = scene.startPlanner('other');
      await saying(planner, 'no worker is connected');
      const refused = scene.start(['worker', '--queue', scene.redis.url, '--encoder', other]);
      await saying(refused, `not working for ${join(scratch, 'other')}: it needs the encoder "encoder" with the`);
      planner.child.kill('SIGINT');
      expect(await planner.result).toMatchObject({
        code: 130,
        stderr: expect.stringContaining('Interrupted') as string,
      });
      // Jobs that nobody waits for are removed.
      const client = new Redis(scene.redis.url);
      expect(await client.keys('*shard-*')).toEqual([]);
      expect(await client.smembers('univar:runs')).toEqual([]);
      client.disconnect();
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
    });
  },
);
