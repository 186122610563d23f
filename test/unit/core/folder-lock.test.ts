import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { FolderLock } from '../../../src/core/folder-lock.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** Returns the pid of a process that has ended. */
const deadPid = (): number => spawnSync(process.execPath, ['-e', '']).pid;

describe('FolderLock', () => {
  it('has one holder at a time, names it, and can be acquired again', async () => {
    const path = join(temporaryFolder(), '.lock');
    const lock = await FolderLock.acquire(path);
    await expect(FolderLock.acquire(path)).rejects.toMatchObject({
      code: 'ERR_BUSY',
      message: expect.stringContaining(`this process (pid ${process.pid})`) as string,
    });
    await lock.release();
    expect(existsSync(path)).toBe(false);
    await (await FolderLock.acquire(path)).release();
  });

  it.each([
    ['of a dead process', () => JSON.stringify({ pid: deadPid(), started: '1', host: hostname(), token: 'a' })],
    [
      'of an earlier process with the pid of a living one',
      () => JSON.stringify({ pid: process.pid, started: '1', host: hostname(), token: 'a' }),
    ],
    ['that was never written', () => ''],
    ['that is not a lock', () => '{"pid": "x"}'],
  ])('takes over a lock %s', async (_, content) => {
    const path = join(temporaryFolder(), '.lock');
    writeFileSync(path, content());
    const lock = await FolderLock.acquire(path);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid });
    await expect(FolderLock.acquire(path)).rejects.toMatchObject({ code: 'ERR_BUSY' });
    await lock.release();
  });

  it('keeps a lock of another machine and says how to remove it', async () => {
    const path = join(temporaryFolder(), '.lock');
    writeFileSync(path, JSON.stringify({ pid: 1, started: '', host: 'elsewhere', token: 'a' }));
    await expect(FolderLock.acquire(path)).rejects.toMatchObject({
      code: 'ERR_BUSY',
      message: expect.stringMatching(/process 1 on elsewhere.*delete .*\.lock/) as string,
    });
  });

  it('lets exactly one process take over a stale lock, even if another was killed while taking over', async () => {
    const folder = temporaryFolder();
    const stale = JSON.stringify({ pid: deadPid(), started: '1', host: hostname(), token: 'a' });
    for (let round = 0; round < 20; round++) {
      const path = join(folder, `${round}.lock`);
      writeFileSync(path, stale);
      if (round % 2 === 1) writeFileSync(`${path}.takeover`, stale);
      const results = await Promise.allSettled(Array.from({ length: 8 }, () => FolderLock.acquire(path)));
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const result of results)
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'ERR_BUSY' });
    }
  });
});
