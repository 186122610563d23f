/** How long the threads of this process were ready but waited for a processor, because other load had it. */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';

const TASKS = '/proc/self/task';

/**
 * Linux counts this for each thread, in nanoseconds, as the second number of a file (kernel documentation, "Scheduler
 * Statistics"). Other systems do not tell.
 */
export class WaitedTime {
  readonly #files = new Map<string, number>();
  readonly #buffer = Buffer.alloc(64);

  /** Returns undefined where the system does not tell. */
  static open(): WaitedTime | undefined {
    const waited = new WaitedTime();
    try {
      waited.findThreads();
      return waited;
    } catch {
      return undefined;
    }
  }

  /** Call it from time to time, to include new threads. */
  findThreads(): void {
    for (const thread of readdirSync(TASKS))
      if (!this.#files.has(thread)) this.#files.set(thread, openSync(`${TASKS}/${thread}/schedstat`, 'r'));
  }

  /** Returns the seconds of all threads so far. */
  seconds(): number {
    let nanoseconds = 0;
    for (const [thread, file] of this.#files) {
      try {
        const length = readSync(file, this.#buffer, 0, this.#buffer.length, 0);
        nanoseconds += Number(this.#buffer.toString('latin1', 0, length).split(' ')[1]);
      } catch {
        // The thread has ended.
        closeSync(file);
        this.#files.delete(thread);
      }
    }
    return nanoseconds / 1e9;
  }
}
