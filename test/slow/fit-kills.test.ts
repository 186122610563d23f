import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { FIT_LOCK } from '../../src/datasets/fits/fit-manifest.js';
import { openCollection } from '../../src/pipeline/collection/open-collection.js';
import { fitDataset } from '../../src/pipeline/fit/fit-dataset.js';
import { makeFittedDataset, QUICK_FIT } from '../support/fitted-dataset.js';
import { seededRandom } from '../support/random.js';
import { smallDisk } from '../support/small-disk.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const CHILD = fileURLToPath(new URL('../support/fit-dataset-child.ts', import.meta.url));

/** Fits in another process, and kills it some time after a stage has begun. Returns the last line that it printed. */
async function fitUntilKilled(dir: string, stage: string, delayMs: number): Promise<string> {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  let last = '';
  for await (const line of createInterface({ input: child.stdout })) {
    last = line;
    if (line !== stage) continue;
    await sleep(delayMs);
    child.kill('SIGKILL');
  }
  await closed;
  return last;
}

const fitsIn = (dir: string): string[] => readdirSync(dir).filter((name) => name.startsWith('fit-'));

/** Expects that the dataset has a complete fit with an index, and finds its own answers. */
async function expectFitted(dir: string, answer: string): Promise<string> {
  const collection = await openCollection(dir);
  const [found] = await collection.identify([answer], { k: 1 });
  expect([collection.isFitted, collection.searchKind, found!.neighbours[0]!.row]).toEqual([true, 'saved', 4]);
  await collection.dispose();
  return collection.encoder.name;
}

describe('kill -9 during a fit', () => {
  it('leaves a complete fit in use, and the next fit removes the rest', async () => {
    const { dir, records } = await makeFittedDataset(temporaryFolder());
    const { answer } = records[4]!;
    const random = seededRandom(3);
    const ends: string[] = [];
    let before = await expectFitted(dir, answer);
    for (const stage of ['fit', 'encode', 'index', 'fit', 'encode', 'index']) {
      ends.push(await fitUntilKilled(dir, stage, random() * 20));
      const after = await expectFitted(dir, answer);
      if (ends.at(-1) !== 'ended' && ends.at(-1) !== 'index') expect(after).toBe(before);
      before = after;
    }
    expect(new Set(ends).size).toBeGreaterThan(1);
    const { folder } = await fitDataset(dir, QUICK_FIT); // takes over the lock of the dead process
    expect(fitsIn(dir)).toEqual([folder.split('/').at(-1)]);
    expect(existsSync(join(dir, FIT_LOCK))).toBe(false);
    await expectFitted(dir, answer);
  });
});

describe('a full disk during a fit', () => {
  it('is reported, and leaves the former fit in use', async (context) => {
    const { dir: elsewhere, records } = await makeFittedDataset(temporaryFolder());
    const disk = smallDisk(context);
    const dir = join(disk, 'values');
    cpSync(elsewhere, dir, { recursive: true });
    const spare = join(disk, 'spare');
    writeFileSync(spare, Buffer.alloc(50_000)); // room for the lock and the first files of the fit
    spawnSync('dd', ['if=/dev/zero', `of=${join(disk, 'filler')}`, 'bs=4k', 'count=1000']); // fails when it is full
    rmSync(spare);
    await expect(fitDataset(dir, { ...QUICK_FIT, dim: 512 })).rejects.toMatchObject({
      code: 'ERR_IO',
      message: expect.stringMatching(/fit-0002.*no space left/) as string,
    });
    expect(fitsIn(dir)).toEqual(['fit-0001']);
    expect(await expectFitted(dir, records[4]!.answer)).toBe('fit-0001');
    rmSync(join(disk, 'filler'));
    await fitDataset(dir, QUICK_FIT);
    expect(fitsIn(dir)).toEqual(['fit-0002']);
  });
});
