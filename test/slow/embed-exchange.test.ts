import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { beforeAll, describe, expect, it } from 'vitest';

import { bytesOf } from '../support/folder-bytes.js';
import { QueueScene, saying } from '../support/queue-scene.js';
import { NO_REDIS } from '../support/redis-server.js';
import { smallDisk } from '../support/small-disk.js';

// A thousand texts are larger than the small disk of 1 MB.
const SHARD_ROWS = 100;
const SHARDS = 10;
const WIDTH = 64;

describe.skipIf(NO_REDIS !== undefined)(
  `texts and results of workers${NO_REDIS === undefined ? '' : ` (${NO_REDIS})`}`,
  () => {
    const scene = new QueueScene(
      { 'a.jsonl': (lines) => lines.slice(0, SHARDS * SHARD_ROWS) },
      { layers: 1, hidden: WIDTH },
      SHARD_ROWS,
    );
    let alone: Record<string, Buffer>;
    beforeAll(async () => {
      alone = await scene.embedAlone();
    });

    /** Returns a folder, and the environment in which processes see it as a mounted bucket. */
    function bucket(name: string, skip: (reason: string) => never): { dir: string; variables: Record<string, string> } {
      const library = join(scene.scratch, 'bucket.so');
      const source = fileURLToPath(new URL('../support/bucket.c', import.meta.url));
      const built = spawnSync('cc', ['-shared', '-fPIC', '-o', library, source, '-ldl'], { encoding: 'utf8' });
      if (built.error) skip('there is no C compiler');
      expect(built).toMatchObject({ status: 0, stderr: '' });
      const dir = join(scene.scratch, name);
      mkdirSync(dir);
      return { dir, variables: { LD_PRELOAD: library, UNIVAR_BUCKET: `${dir}/` } };
    }
    /** Lists all files in a folder and its subfolders. */
    const filesIn = (dir: string): string[] =>
      readdirSync(dir, { recursive: true })
        .map(String)
        .filter((name) => statSync(join(dir, name)).isFile());

    it.skipIf(process.platform !== 'linux')(
      'pass through a folder that cannot rename, append, link or lock, even with incomplete files in it',
      async ({ skip }) => {
        const { dir, variables } = bucket('bucket', (reason) => skip(reason));
        const refused = `
          const fs = require('fs');
          const f = ${JSON.stringify(join(dir, 'x'))};
          fs.writeFileSync(f, '');
          const code = (act) => { try { act(); return 'done'; } catch (error) { return error.code; } };
          const acts = [
            () => fs.renameSync(f, f + 2),
            () => fs.appendFileSync(f, 'a'),
            () => fs.writeFileSync(f, 'a'),
            () => fs.linkSync(f, f + 2),
          ];
          console.log(...acts.map(code));
          fs.rmSync(f);`;
        expect(
          execFileSync(process.execPath, ['-e', refused], {
            encoding: 'utf8',
            env: { ...process.env, ...variables },
          }).trim(),
        ).toBe('ENOSYS EPERM EPERM ENOSYS');

        const inBucket = await scene.start(scene.embedArgs(join(dir, 'values')), variables).result;
        expect(inBucket).toMatchObject({
          code: 1,
          stderr: expect.stringMatching(/Cannot rename a file in .*ENOSYS.*write to a disk/) as string,
        });
        rmSync(join(dir, 'values'), { recursive: true });

        const args = ['--exchange', dir];
        const first = scene.startPlanner('bucket-values', args, variables);
        await saying(first, 'no worker is connected');
        first.child.kill('SIGKILL');
        await first.result;
        // Remains of a planner and a worker that were killed while writing: a beginning, all bytes but one, and the
        // same number of other bytes.
        const [work = ''] = readdirSync(dir);
        expect(filesIn(dir)).toHaveLength(SHARDS);
        const at = (name: string): string => join(dir, work, name);
        truncateSync(at('00001.texts'), 1000);
        const result = Buffer.alloc(256 + 4 * SHARD_ROWS * WIDTH, 'x');
        writeFileSync(at('00002.result'), result.subarray(1));
        writeFileSync(at('00003.result'), result);
        copyFileSync(at('00005.texts'), at('00004.result'));

        // The exchange has other paths on the machines of the workers, which do not see the dataset folder.
        const planner = scene.startPlanner('bucket-values', args, variables);
        const workers = [1, 2].map(() => scene.startWorker(['--exchange', dir], variables));
        await sleep(1000);
        workers[0]!.child.kill('SIGKILL');
        scene.startWorker(['--exchange', dir], variables);
        expect(await planner.result).toMatchObject({ code: 0 });
        expect(bytesOf(join(scene.scratch, 'bucket-values'))).toEqual(alone);
        expect(readdirSync(dir)).toEqual([]);
      },
    );

    it.skipIf(process.platform !== 'linux')(
      'pass through a folder that forbids deletion, and stay there',
      async ({ skip }) => {
        const { dir, variables } = bucket('keeping-bucket', (reason) => skip(reason));
        const keeping = { ...variables, UNIVAR_BUCKET_KEEPS: '1' };
        const planner = scene.startPlanner('kept-values', ['--exchange', dir], keeping);
        scene.startWorker([], keeping);
        expect(await planner.result).toMatchObject({
          code: 0,
          stderr: expect.stringMatching(/Cannot remove .*EPERM.*not needed any more/) as string,
        });
        expect(bytesOf(join(scene.scratch, 'kept-values'))).toEqual(alone);
        expect(filesIn(dir)).toHaveLength(2 * SHARDS);
      },
    );

    it('are written again if they are damaged, even with the right length', async () => {
      const exchange = join(scene.scratch, 'damaged');
      mkdirSync(exchange);
      const planner = scene.startPlanner('damaged-values', ['--exchange', exchange]);
      await saying(planner, 'no worker is connected');
      const [work = ''] = readdirSync(exchange);
      writeFileSync(join(exchange, work, '00000.result'), Buffer.alloc(256 + 4 * SHARD_ROWS * WIDTH));
      scene.startWorker();
      expect(await planner.result).toMatchObject({ code: 0 });
      expect(bytesOf(join(scene.scratch, 'damaged-values'))).toEqual(alone);
    });

    it('are rejected in a missing folder, and without a queue', async () => {
      const missing = join(scene.scratch, 'not-mounted');
      expect(await scene.startPlanner('nowhere', ['--exchange', missing]).result).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(missing) as string,
      });
      expect(existsSync(missing)).toBe(false);
      expect(await scene.start([...scene.embedArgs('nowhere'), '--exchange', scene.scratch]).result).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('--exchange can only be used with --queue') as string,
      });
    });

    it('that fill the disk of the planner end it with a reason, and it can resume later', async (context) => {
      const disk = smallDisk(context);
      const out = join(disk, 'values');
      const refused = await scene.startPlanner(out).result;
      expect(refused).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(
          /\.texts: no space left on the device \(ENOSPC\)\. Run the same command again/,
        ) as string,
      });
      execFileSync('mount', ['-o', 'remount,size=8m', disk]);
      const planner = scene.startPlanner(out);
      scene.startWorker();
      expect(await planner.result).toMatchObject({ code: 0 });
      expect(bytesOf(out)).toEqual(alone);
    });

    it('are not lost if the dataset fills its disk', async (context) => {
      const disk = smallDisk(context);
      const exchange = join(scene.scratch, 'roomy');
      mkdirSync(exchange);
      const args = ['--exchange', exchange];
      const first = scene.startPlanner(join(disk, 'values'), args);
      scene.startWorker();
      expect(await first.result).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(
          /values\/shards-.*no space left on the device \(ENOSPC\)\. [1-9]\d* rows are safe/,
        ) as string,
      });
      const results = filesIn(exchange).filter((name) => name.endsWith('.result'));
      expect(results.length).toBeGreaterThan(0);
      execFileSync('mount', ['-o', 'remount,size=8m', disk]);
      const second = scene.startPlanner(join(disk, 'values'), args);
      expect(await second.result).toMatchObject({
        code: 0,
        stderr: expect.stringContaining('resuming after the') as string,
      });
      expect(bytesOf(join(disk, 'values'))).toEqual(alone);
      expect(readdirSync(exchange)).toEqual([]);
    });

    it('that fill the disk of workers end them, and the planner reports it and uses others', async (context) => {
      const disk = smallDisk(context, 4);
      const planner = scene.startPlanner('patient-values', ['--exchange', disk]);
      await saying(planner, 'no worker is connected');
      const told = saying(planner, 'no space left on the device');
      const filler = openSync(join(disk, 'filler'), 'w');
      expect(() => {
        for (;;) writeSync(filler, Buffer.alloc(4096));
      }).toThrow(/ENOSPC/);
      closeSync(filler);
      const refused = await scene.startWorker().result;
      expect(refused).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(
          /\.result: no space left on the device \(ENOSPC\)\. Another worker gets the shard/,
        ) as string,
      });
      await told;
      rmSync(join(disk, 'filler'));
      scene.startWorker();
      expect(await planner.result).toMatchObject({ code: 0 });
      expect(bytesOf(join(scene.scratch, 'patient-values'))).toEqual(alone);
    });
  },
);
