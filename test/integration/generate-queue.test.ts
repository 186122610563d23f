import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { type CliRun, runCli, startCli } from '../support/cli.js';
import { writeProject } from '../support/generation-project.js';
import { saying } from '../support/queue-scene.js';
import { seededRandom } from '../support/random.js';
import { NO_REDIS, RedisServer } from '../support/redis-server.js';
import { type ReplayServer, startReplayServer } from '../support/replay-server.js';

const env = { UNIVAR_THREADS: '1', OMP_NUM_THREADS: '1', REPLAY_KEY: 'secret-key' };
const CONCURRENCY = 4;
const scratch = mkdtempSync(join(tmpdir(), 'univar-generate-queue-'));

describe.skipIf(NO_REDIS !== undefined)(
  `generate --queue and worker --project${NO_REDIS === undefined ? '' : ` (${NO_REDIS})`}`,
  () => {
    let redis: RedisServer;
    let server: ReplayServer;
    const running: CliRun[] = [];

    beforeAll(async () => {
      redis = await RedisServer.start(scratch);
      server = await startReplayServer({ delayMs: 20 });
    });
    afterEach(async () => {
      for (const { child, result } of running.splice(0)) {
        child.kill('SIGKILL');
        await result;
      }
    });
    afterAll(async () => {
      await redis.kill();
      await server.close();
      rmSync(scratch, { recursive: true });
    });

    const projectIn = (folder: string, changes: Record<string, unknown> = {}): string => {
      mkdirSync(join(scratch, folder));
      const { url } = server;
      const endpoints = {
        replay: { kind: 'chat', url, apiKeyEnv: 'REPLAY_KEY', concurrency: CONCURRENCY },
        libre: { kind: 'libretranslate', url: url.replace('/v1', ''), concurrency: CONCURRENCY },
      };
      return writeProject(join(scratch, folder), url, {
        name: folder,
        out: 'small',
        endpoints,
        scenarios: { perValue: 6, perCall: 2 },
        ...changes,
      });
    };
    const qaOf = (folder: string): string => readFileSync(join(scratch, folder, 'small', 'qa.jsonl'), 'utf8');
    const storedIn = (folder: string): string[] =>
      readFileSync(join(scratch, folder, 'small', 'calls', 'calls-00001.jsonl'), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { key: string }).key);
    const start = (args: string[]): CliRun => {
      const run = startCli(args, { env });
      running.push(run);
      return run;
    };
    const startWorker = (project: string): CliRun =>
      start(['worker', '--queue', redis.url, '--project', project, '--lease', '1']);

    let alone: string;
    it('gives the results of one machine, even if workers are killed at random and Redis is restarted', async () => {
      expect(await runCli(['generate', projectIn('alone'), '--json'], { env })).toMatchObject({ code: 0 });
      alone = qaOf('alone');
      const before = server.received.length;
      const project = projectIn('shared');
      const random = seededRandom(5);
      const state = { over: false };
      const planner = start(['generate', project, '--queue', redis.url, '--no-report', '--json']);
      const ended = planner.result.finally(() => (state.over = true));
      const workers = [startWorker(project), startWorker(project)];
      let kills = 0;
      const chaos = (async () => {
        while (!state.over && server.received.length === before) await sleep(50); // a busy machine starts slowly
        while (!state.over && kills < 6) {
          await sleep(500 + random() * 1500);
          const victim = Math.floor(random() * workers.length);
          workers[victim]!.child.kill('SIGKILL');
          workers[victim] = startWorker(project);
          kills++;
          if (kills !== 2) continue;
          await redis.kill();
          await sleep(300);
          await redis.start();
        }
      })();
      const { code, stdout, stderr } = await ended;
      await chaos;
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(kills).toBeGreaterThan(1);
      expect(qaOf('shared')).toBe(alone);
      const keys = storedIn('shared');
      expect(new Set(keys).size).toBe(keys.length);
      expect(JSON.parse(stdout)).toMatchObject({ newCalls: keys.length });
      // Only calls of a killed worker, or lost by Redis, are made again.
      expect(server.received.length - before - keys.length).toBeLessThanOrEqual(2 * CONCURRENCY * (kills + 1));

      const asked = server.received.length;
      rmSync(join(scratch, 'shared', 'small', 'stages.json'));
      const again = await runCli(['generate', project, '--queue', redis.url, '--no-report', '--json'], { env });
      expect(JSON.parse(again.stdout)).toMatchObject({ newCalls: 0 });
      expect(server.received.length).toBe(asked);
    });

    it('keeps the limits of an endpoint across workers, stops at the budget, and puts no key into Redis', async () => {
      const project = projectIn('limits', { budget: { calls: 60 } });
      const workers = [startWorker(project), startWorker(project), startWorker(project)];
      const client = new Redis(redis.url);
      const monitor = await client.monitor();
      const seen: string[] = [];
      monitor.on('monitor', (_time: string, args: string[]) => void seen.push(args.join(' ')));
      const before = server.received.length;
      const over = await start(['generate', project, '--queue', redis.url]).result;
      expect(over).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('The budget of 60 calls is used up') as string,
      });
      expect(server.received.length - before).toBe(60);
      expect(server.mostAtOnce()).toBeLessThanOrEqual(2 * CONCURRENCY);
      expect(seen.some((command) => command.includes('messages'))).toBe(true);
      expect(seen.some((command) => command.includes('secret-key'))).toBe(false);
      expect(
        server.received
          .slice(before)
          .filter(({ path }) => path.endsWith('completions'))
          .every(({ authorization }) => authorization === 'Bearer secret-key'),
      ).toBe(true);
      monitor.disconnect();
      client.disconnect();
      workers[0]!.child.kill('SIGTERM');
      expect(await workers[0]!.result).toMatchObject({
        code: 143,
        stdout: expect.stringMatching(/^Made \d+ calls?/) as string,
      });
    });

    it('ends at Ctrl-C without workers, and reports a worker with wrong settings', async () => {
      const project = projectIn('wrong');
      const planner = start(['generate', project, '--queue', redis.url]);
      await new Promise<void>((resolve) => {
        planner.child.stderr!.on('data', (text) => String(text).includes('no worker is connected') && resolve());
      });
      const keyless = await runCli(['worker', '--queue', redis.url, '--project', project], { env: { REPLAY_KEY: '' } });
      expect(keyless).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('environment variable REPLAY_KEY') as string,
      });
      const other = writeProject(join(scratch, 'wrong'), 'http://127.0.0.1:1/v1', { name: 'wrong' });
      const refused = start(['worker', '--queue', redis.url, '--project', other]);
      await saying(refused, 'not working for wrong: its endpoints differ from those in this project file');
      planner.child.kill('SIGINT');
      expect(await planner.result).toMatchObject({ code: 130 });
    });
  },
);
