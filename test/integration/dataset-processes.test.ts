import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { describe, expect, it, onTestFinished } from 'vitest';
import { openDataset } from '../../src/datasets/dataset.js';
import { DatasetWriter } from '../../src/datasets/dataset-writer.js';
import { bytesOf } from '../support/folder-bytes.js';
import { randomNormal, seededRandom } from '../support/random.js';
import { smallDisk } from '../support/small-disk.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const CHILD = fileURLToPath(new URL('../support/write-dataset-child.ts', import.meta.url));
const COPIES = 20;
const ROWS = 72 * COPIES;

function startChild(dir: string, pause = 0): ChildProcess & { stdout: NonNullable<ChildProcess['stdout']> } {
  return spawn(process.execPath, ['--import', 'tsx', CHILD, dir, String(COPIES), String(pause)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Runs the child and kills it just after it has written `rows` rows. Returns true if it finished before. */
async function runUntil(dir: string, rows: number, delayMs: number): Promise<boolean> {
  const child = startChild(dir);
  const closed = once(child, 'close');
  let finished = false;
  for await (const line of createInterface({ input: child.stdout })) {
    finished ||= line === 'finished';
    if (Number(line) < rows) continue;
    await sleep(delayMs);
    child.kill('SIGKILL');
    break;
  }
  await closed;
  return finished;
}

describe('processes that write a dataset', () => {
  it('end with the same bytes, even if they are killed repeatedly', async () => {
    const whole = temporaryFolder();
    expect(await runUntil(whole, Infinity, 0)).toBe(true);
    expect((await openDataset(whole, { verify: true })).rows).toBe(ROWS);
    const expected = bytesOf(whole);
    const random = seededRandom(20);
    for (let round = 0; round < 2; round++) {
      const dir = join(temporaryFolder(), 'dataset');
      const isComplete = (): boolean => existsSync(join(dir, 'manifest.json'));
      // Twice while it writes, then while it finishes.
      const kills = [random() * 0.5 * ROWS, (0.5 + random() * 0.5) * ROWS, ROWS, ROWS];
      for (const rows of kills) {
        if (isComplete()) break;
        await runUntil(dir, rows, random() * (rows < ROWS ? 4 : 30));
        if (!isComplete())
          await expect(openDataset(dir)).rejects.toMatchObject({
            code: 'ERR_DATA',
            message: expect.stringContaining('unfinished') as string,
          });
      }
      if (!isComplete()) expect(await runUntil(dir, Infinity, 0)).toBe(true);
      // A kill after the last rename leaves these two files, which have no meaning any more.
      for (const name of ['.lock', 'journal.partial']) rmSync(join(dir, name), { force: true });
      expect(bytesOf(dir)).toEqual(expected);
    }
  });

  it('exclude each other: the second learns who was first', async () => {
    const dir = temporaryFolder();
    const first = startChild(dir, 60_000);
    onTestFinished(() => void first.kill('SIGKILL'));
    for await (const line of createInterface({ input: first.stdout })) if (Number(line) === ROWS) break;
    const attempt = (): Promise<DatasetWriter> =>
      DatasetWriter.open(dir, { encoder: { name: 'random', fingerprint: 'seeded', dim: 32 } });
    await expect(attempt()).rejects.toMatchObject({
      code: 'ERR_BUSY',
      message: expect.stringContaining(`process ${first.pid}`) as string,
    });
    const closed = once(first, 'close');
    first.kill('SIGKILL');
    await closed;
    // Its lock is stale now, but its configuration differs.
    await expect(attempt()).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('differs in dtype, sources') as string,
    });
  });
});

describe('a full disk', () => {
  it('is reported, loses no written rows, and the writer continues when there is space', async (context) => {
    const dir = join(smallDisk(context), 'dataset');
    const options = { encoder: { name: 'random', fingerprint: 'seeded', dim: 256 } };
    const batch = Array.from({ length: 64 }, (_, i) => ({
      qid: `q${i}`,
      question: 'Why?',
      answer: 'x'.repeat(100),
      model: 'm',
      lang: 'eng',
    }));
    const writer = await DatasetWriter.open(dir, options);
    let batches = 0;
    let failure: unknown;
    while (failure === undefined) {
      await writer.append(batch, randomNormal(64 * 256, batches + 1)).then(
        () => batches++,
        (error: unknown) => (failure = error),
      );
    }
    expect(batches).toBeGreaterThan(5);
    expect(failure).toMatchObject({
      code: 'ERR_IO',
      message: expect.stringMatching(
        /\.(npy|jsonl): no space left on the device \(ENOSPC\)\. \d+ rows are safe/,
      ) as string,
    });
    expect(writer.rows).toBe(batches * 64);
    await writer.close();
    const resumed = await DatasetWriter.open(dir, options);
    expect(resumed.rows).toBe(batches * 64);
    execFileSync('mount', ['-o', 'remount,size=4m', join(dir, '..')]);
    await resumed.append(batch, randomNormal(64 * 256, batches + 1));
    await resumed.finish();
    const dataset = await openDataset(dir, { verify: true });
    expect(dataset.rows).toBe((batches + 1) * 64);
    expect((await dataset.readEmbeddings()).subarray(batches * 64 * 256)).toEqual(randomNormal(64 * 256, batches + 1));
  });

  it('is also reported at the first byte', async (context) => {
    const disk = smallDisk(context);
    // fails when the disk is full, as it should
    spawnSync('dd', ['if=/dev/zero', `of=${join(disk, 'filler')}`, 'bs=64k', 'count=100']);
    await expect(
      DatasetWriter.open(join(disk, 'dataset'), { encoder: { name: 'random', fingerprint: 'seeded', dim: 4 } }),
    ).rejects.toMatchObject({ code: 'ERR_IO' });
  });
});
