import { join } from 'node:path';

import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';

import { runCli } from '../support/cli.js';
import { bytesOf } from '../support/folder-bytes.js';
import { QueueScene, saying } from '../support/queue-scene.js';
import { NO_REDIS } from '../support/redis-server.js';

describe.skipIf(NO_REDIS !== undefined)(
  `several runs on one Redis${NO_REDIS === undefined ? '' : ` (${NO_REDIS})`}`,
  () => {
    const files = { 'a.jsonl': (lines: string[]) => lines.slice(0, 300) };
    const scene = new QueueScene(files, { layers: 1, hidden: 32 }, 50);
    const { scratch } = scene;

    it('get only workers with their encoder, and one worker serves one after the other', async () => {
      const alone = await scene.embedAlone();
      const other = join(scratch, 'other-encoder');
      const makeOther = ['random-encoder', '--layers', '1', '--hidden', '64', '--out', other];
      expect(await runCli(makeOther)).toMatchObject({ code: 0 });
      const workers = [scene.startWorker(), scene.startWorker(['--encoder', other])];
      const runs = [
        scene.startPlanner('first'),
        scene.startPlanner('second', ['--encoder', other]),
        scene.startPlanner('third'),
      ];
      for (const { code, stderr } of await Promise.all(runs.map(({ result }) => result)))
        expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(bytesOf(join(scratch, 'first'))).toEqual(alone);
      expect(bytesOf(join(scratch, 'third'))).toEqual(alone);
      expect(workers.map(({ child }) => child.exitCode)).toEqual([null, null]);
      const client = new Redis(scene.redis.url);
      await expect.poll(() => client.keys('*'), { timeout: 10_000 }).toEqual([]); // complete runs leave nothing behind
      client.disconnect();
    });

    it('of another version get no work from this one, which says so', async () => {
      const client = new Redis(scene.redis.url);
      const run = { kind: 'embed', queue: 'univar-embed-3-x', name: '/data/values', protocol: 3, version: '9.9.9' };
      await client.set('univar:run:univar-embed-3-x', JSON.stringify(run));
      await client.set('univar:run:damaged', '{');
      await client.sadd('univar:runs', 'univar-embed-3-x', 'damaged', 'expired');
      await saying(
        scene.startWorker(),
        'worker: not working for /data/values: it was started by univar 9.9.9 (protocol 3), and this is univar 0.',
      );
      expect((await client.smembers('univar:runs')).sort()).toEqual(['damaged', 'univar-embed-3-x']);
      await client.flushall();
      client.disconnect();
    });
  },
);
