/** Runs calls in child processes, and goes on after a call that ends or blocks its process. */
import { type ChildProcess, fork } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Finding, Progress } from './messages.js';

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));
/** Calls have 60 seconds, so a process that stays at one for longer is blocked. */
const BLOCKED_MS = 180_000;
const LOOK_MS = 5000;
/** Characters of a child's output to show when it crashes. */
const TAIL = 3000;

export interface PieceEvents {
  onProgress: (progress: Progress) => void;
  onFinding: (finding: Finding) => void;
}

/** Makes the calls from `first` to before `end`. */
export async function runPiece(seed: number, first: number, end: number, events: PieceEvents): Promise<void> {
  let next = first;
  while (next < end) next = await runChild(seed, next, end, events);
}

/** @returns the first call that was not made */
async function runChild(seed: number, first: number, end: number, events: PieceEvents): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'univar-fuzz-'));
  chmodSync(folder, 0o711); // PostgreSQL runs as another user
  const child = fork(CHILD, [seed, first, end, folder].map(String), {
    execArgv: ['--import', 'tsx'],
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-TAIL)));
  child.on('message', (progress: Progress) => events.onProgress(progress));
  try {
    const ending = await endOf(child, folder);
    if (ending === 'done') return end;
    const { call, name, plan } = runningIn(folder) ?? { call: first, name: 'the start', plan: '' };
    if (name === 'the start') throw new Error(`The scene of the calls could not be made: ${ending}\n${output}`);
    events.onFinding({ call, name, plan, fault: `${ending}\n${output}` });
    return call + 1;
  } finally {
    cleanUp(folder);
  }
}

/** Waits until a child exits, or kills it when it makes no progress. */
function endOf(child: ChildProcess, folder: string): Promise<string> {
  return new Promise((resolve) => {
    let [seen, since] = [-1, Date.now()];
    let isBlocked = false;
    const timer = setInterval(() => {
      const call = runningIn(folder)?.call ?? -1;
      if (call !== seen) [seen, since] = [call, Date.now()];
      else if (Date.now() - since > BLOCKED_MS) {
        isBlocked = true;
        child.kill('SIGKILL');
      }
    }, LOOK_MS);
    const onExit = (): void => {
      child.kill('SIGKILL');
      cleanUp(folder);
    };
    process.once('exit', onExit);
    child.once('exit', (code, signal) => {
      clearInterval(timer);
      process.off('exit', onExit);
      if (isBlocked) resolve(`no end within ${BLOCKED_MS} ms: the event loop is blocked`);
      else resolve(code === 0 ? 'done' : `the process ended: ${signal ?? `exit code ${code}`}`);
    });
  });
}

function runningIn(folder: string): Omit<Finding, 'fault'> | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'running.json'), 'utf8')) as Omit<Finding, 'fault'>;
  } catch {
    return undefined; // The child has made no call yet, or is writing.
  }
}

/** Removes the folder of a child, and ends its PostgreSQL server, which a crash leaves behind. */
function cleanUp(folder: string): void {
  for (const name of readdirSync(folder).filter((entry) => entry.startsWith('univar-postgres-'))) {
    try {
      process.kill(Number.parseInt(readFileSync(join(folder, name, 'data', 'postmaster.pid'), 'utf8'), 10), 'SIGQUIT');
    } catch {
      // It has ended.
    }
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
