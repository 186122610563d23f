/**
 * One process at a time per folder: a lock file that names its owner. A lock whose owner is dead is taken over, so that
 * nobody has to clean up after a crash.
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
   * When the process began, in clock ticks since boot (Linux; elsewhere empty): tells it from a later one with its pid.
   */
  started: string;
  host: string;
  /** Makes every lock different. */
  token: string;
}

/**
 * An owner writes the file right after creating it; one that is empty for this long was left by a crash or a full disk.
 */
const EMPTY_LOCK_MS = 1000;
const POLL_MS = 50;

export class FolderLock {
  private constructor(private readonly path: string) {}

  /**
   * Creates the lock file.
   *
   * @throws EngineError `ERR_BUSY` naming the process that holds the lock, `ERR_IO`
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

/** False where the file is already there. */
async function create(path: string, owner: Owner): Promise<boolean> {
  try {
    await writeFile(path, JSON.stringify(owner), { flag: 'wx' });
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    // Nothing of a lock that could not be written may stay behind.
    if (systemCode(error) === 'ENOSPC') await unlink(path).catch(() => undefined);
    return withFileErrors(`write the lock file ${path}`, () => Promise.reject(error as Error));
  }
}

/**
 * Replaces the stale lock `theirs`. A lock on taking over keeps two processes that saw the same stale lock apart, and
 * whoever gets it looks again, because the other may have been faster.
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

/** The owner in a lock file; undefined where it names none. */
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
  if (host !== hostname()) return true; // its processes cannot be seen from here
  try {
    process.kill(pid, 0);
  } catch (error) {
    return systemCode(error) === 'EPERM'; // it lives, but is someone else's
  }
  return started === '' || startOf(pid) === started;
}

/**
 * Start time of a process (proc_pid_stat(5), field 22); undefined for one that has ended, and where there is no /proc.
 */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // Fields are counted behind the name, which may hold spaces and parentheses; the first of these is field 3, the
    // state.
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
  const remedy = where === '' ? '' : `; if that process is gone, delete ${path}`;
  return new EngineError('ERR_BUSY', `The folder is in use by ${who}, which holds ${path}${remedy}`);
}
