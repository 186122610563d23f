/** Measures the processor time of iterations. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Collects the processor time between `begin` and `end`, again and again. */
export interface ProcessorWatch {
  begin(): Promise<void> | void;
  end(): Promise<void> | void;
  /** Returns the seconds of each iteration, or one mean; empty if they are not known. */
  seconds(): number[];
}

/** Processor time has steps of a microsecond, which must be small beside an iteration. */
const SHORTEST_SECONDS = 1e-4;

export function watchAllThreads(): ProcessorWatch {
  const seconds: number[] = [];
  let start = process.cpuUsage();
  return {
    begin: () => void (start = process.cpuUsage()),
    end: () => {
      const { user, system } = process.cpuUsage(start);
      seconds.push((user + system) / 1e6);
    },
    seconds: () => {
      const mean = seconds.reduce((sum, value) => sum + value, 0) / seconds.length;
      return mean >= SHORTEST_SECONDS ? seconds : [mean];
    },
  };
}

/** Linux does not update the time of a thread while it runs. After this, those that have finished sleep. */
const SETTLE_MILLISECONDS = 1;

/**
 * Measures the thread that has most to do in each iteration. If work is spread well, this is what users would wait for
 * on a machine that does nothing else, plus the time in which all threads wait. Linux only.
 */
export function watchBusiestThread(): ProcessorWatch {
  const seconds: number[] = [];
  let start = new Map<string, number>();
  return {
    begin: async () => {
      await sleep(SETTLE_MILLISECONDS);
      start = nanosecondsByThread();
    },
    end: async () => {
      await sleep(SETTLE_MILLISECONDS);
      const times = [...nanosecondsByThread()].map(([thread, now]) => now - (start.get(thread) ?? 0));
      if (times.length > 0) seconds.push(Math.max(...times) / 1e9);
    },
    seconds: () => seconds,
  };
}

const THREADS = '/proc/self/task';

/** Returns the time for which each thread had a processor, or nothing where the system does not tell. */
function nanosecondsByThread(): Map<string, number> {
  const times = new Map<string, number>();
  try {
    for (const thread of readdirSync(THREADS))
      times.set(thread, Number(readFileSync(`${THREADS}/${thread}/schedstat`, 'latin1').split(' ', 1)[0]));
  } catch {
    times.clear(); // not Linux, or a thread has ended meanwhile
  }
  return times;
}
