import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, describe, expect, it } from 'vitest';

import type { CliResult, CliRun } from '../support/cli.js';
import { bytesOf } from '../support/folder-bytes.js';
import { QueueScene, saying } from '../support/queue-scene.js';
import { NO_REDIS } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';

/** Time in which every command has to end after a signal. */
const END_MS = 5000;

describe.skipIf(NO_REDIS !== undefined)(
  `a queue without answers${NO_REDIS === undefined ? '' : ` (${NO_REDIS})`}`,
  () => {
    const files = { 'a.jsonl': (lines: string[]) => lines.slice(0, 600) };
    const scene = new QueueScene(files, { layers: 4, hidden: 128 }, 50);
    let proxy: TcpProxy;
    afterEach(async () => {
      await scene.stopAll();
      await proxy.close();
    });
    const at = (): string[] => ['--queue', `redis://127.0.0.1:${proxy.port}`];
    const worker = (): CliRun => scene.startWorker(at());
    const planner = (out: string): CliRun => scene.startPlanner(out, at());

    /** Sends one signal; returns the result and the time until the end. */
    async function end({ child, result }: CliRun, signal: NodeJS.Signals): Promise<CliResult & { inTime: boolean }> {
      const start = performance.now();
      child.kill(signal);
      return { ...(await result), inTime: performance.now() - start < END_MS };
    }

    it('that accepts connections and never replies, ends every command with the reason, or at one signal', async () => {
      proxy = await TcpProxy.start();
      const failed = await Promise.all([worker().result, planner('silent').result]);
      const reason =
        /^error: Redis at redis:\/\/127\.0\.0\.1:\d+ does not answer: it accepts connections, but does not/m;
      for (const { code, stderr } of failed) {
        expect(code).toBe(1);
        expect(stderr).toMatch(reason);
      }
      const waiting = [worker(), planner('silent')];
      await sleep(2000);
      for (const run of waiting)
        expect(await end(run, 'SIGTERM')).toMatchObject({ code: 143, stderr: 'error: Interrupted\n', inTime: true });
    });

    it('that is lost in the middle: both sides say so, and end at one signal', async () => {
      proxy = await TcpProxy.start({ port: scene.redis.port, host: '127.0.0.1' });
      const runs = [worker(), planner('lost')] as const;
      await saying(runs[0], 'worker: shard 2');
      proxy.mode = 'swallow';
      await Promise.all(runs.map((run) => saying(run, 'has not answered for')));
      expect(await end(runs[0], 'SIGTERM')).toMatchObject({
        code: 143,
        stdout: expect.stringMatching(/^Computed \d+ shards/) as string,
        inTime: true,
      });
      const ended = await end(runs[1], 'SIGINT');
      expect(ended).toMatchObject({
        code: 130,
        stderr: expect.stringMatching(/error: Interrupted; run it again to resume: .*\n$/) as string,
        inTime: true,
      });
      expect(ended.stderr).not.toContain('Warning');
    });

    it('that comes back: the run continues, and gives the same dataset', async () => {
      const alone = await scene.embedAlone();
      proxy = await TcpProxy.start({ port: scene.redis.port, host: '127.0.0.1' });
      const runs = [worker(), planner('back')] as const;
      await saying(runs[0], 'worker: shard 2');
      for (const mode of ['swallow', 'cut'] as const) {
        proxy.mode = mode;
        await saying(runs[0], 'has not answered');
        proxy.mode = 'pass';
        await saying(runs[0], 'answers again');
      }
      const { code, stderr } = await runs[1].result;
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(stderr).not.toContain('Warning');
      expect(bytesOf(join(scene.scratch, 'back'))).toEqual(alone);
    });
  },
);
