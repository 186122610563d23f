/**
 * A lock that lets one process at a time use a folder: a file that names its owner. If the owner is dead, another
 * process takes the lock over, so nobody has to clean up after a crash.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

import { EngineError } from './errors.js';
import { systemCode, withFileErrors } from './file-errors.js';

interface Owner {
  pid: number;
  /**
   * Start time of the process in clock ticks since boot (Linux; empty elsewhere). Distinguishes it from a later process
   * with the same pid.
   */
  started: string;
  host: string;
  /** Unique for every lock. */
  token: string;
}

/**
 * An owner writes the file right after creating it. A file that stays empty for this long is left over from a crash or
 * a full disk.
 */
const EMPTY_LOCK_MS = 1000;
const POLL_MS = 50;

export class FolderLock {
  private constructor(private readonly path: string) {}

  /**
   * Creates the lock file.
   *
   * @throws EngineError `ERR_BUSY` with the process that holds the lock; `ERR_IO`
   */
  static async acquire(path: string): Promise<FolderLock> {
    const mine: Owner = {
      pid: process.pid,
      started: startOf(process.pid) ?? '',
      host: hostname(),
      token: randomUUID(),
    };
    for (;;) {
      if (await create(path, mine)) return new FolderLock(path);
      const theirs = await readOwner(path);
      if (theirs === 'gone') continue;
      if (theirs && isAlive(theirs)) throw busy(path, theirs, mine);
      if (await takeOver(path, theirs, mine)) return new FolderLock(path);
    }
  }

  /** Removes the lock file. */
  async release(): Promise<void> {
    await unlink(this.path).catch(() => undefined);
  }
}

/** Creates the lock file. Returns false if it already exists. */
async function create(path: string, owner: Owner): Promise<boolean> {
  try {
    await writeFile(path, JSON.stringify(owner), { flag: 'wx' });
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    // A lock that could not be written must not stay behind.
    if (systemCode(error) === 'ENOSPC') await unlink(path).catch(() => undefined);
    return withFileErrors(`write the lock file ${path}`, () => Promise.reject(error as Error));
  }
}

/**
 * Replaces the stale lock `theirs`. If two processes see the same stale lock, a second lock lets only one of them
 * replace it. The holder of that lock checks again, because the other process may have been faster.
 */
async function takeOver(path: string, theirs: Owner | undefined, mine: Owner): Promise<boolean> {
  const guard = await FolderLock.acquire(`${path}.takeover`);
  try {
    const now = await readOwner(path);
    if (now === 'gone' || now?.token !== theirs?.token) return false;
    await withFileErrors(`write the lock file ${path}`, async () => {
      await writeFile(`${path}.new`, JSON.stringify(mine));
      await rename(`${path}.new`, path);
    });
    return true;
  } finally {
    await guard.release();
  }
}

/** Reads the owner from a lock file. Returns undefined if it names none. */
async function readOwner(path: string): Promise<Owner | 'gone' | undefined> {
  for (let waited = 0; ; waited += POLL_MS) {
    try {
      const text = await readFile(path, 'utf8');
      const owner = JSON.parse(text) as Partial<Owner>;
      return Number.isInteger(owner.pid) && typeof owner.token === 'string' ? (owner as Owner) : undefined;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return 'gone';
      if (!(error instanceof SyntaxError))
        return withFileErrors(`read the lock file ${path}`, () => Promise.reject(error as Error));
      if (waited >= EMPTY_LOCK_MS) return undefined;
      await sleep(POLL_MS);
    }
  }
}

function isAlive({ pid, started, host }: Owner): boolean {
  if (host !== hostname()) return true; // processes of other hosts are not visible here
  try {
    process.kill(pid, 0);
  } catch (error) {
    return systemCode(error) === 'EPERM'; // alive, but owned by another user
  }
  return started === '' || startOf(pid) === started;
}

/** Returns the start time of a process (proc_pid_stat(5), field 22); undefined if it has ended or there is no /proc. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // Count fields after the name, which can contain spaces and parentheses. The first one is field 3, the state.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function busy(path: string, theirs: Owner, mine: Owner): EngineError {
  const where = theirs.host === mine.host ? '' : ` on ${theirs.host}`;
  const who =
    theirs.pid === mine.pid && where === '' ? `this process (pid ${theirs.pid})` : `process ${theirs.pid}${where}`;
  const remedy = where === '' ? '' : `; if that process has ended, delete ${path}`;
  return new EngineError('ERR_BUSY', `The folder is in use by ${who}, which holds ${path}${remedy}`);
}
