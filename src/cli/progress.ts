import { createRequire } from 'node:module';

import type { SingleBar } from 'cli-progress';

import { formatCount, formatDuration, formatPercent, formatRate } from './format.js';

const LINE_INTERVAL_MS = 5000;
/** A stalled task is reported after the first of these intervals. It then doubles until it reaches the second. */
const FIRST_QUIET_MS = 10_000;
const LONGEST_QUIET_MS = 600_000;
const MIN_BAR_WIDTH = 10;
const MAX_BAR_WIDTH = 30;

export interface ProgressOptions {
  /** Name of the task, for example `embed`. */
  label: string;
  /** Units to count, for example `answers`. */
  unit: string;
  /** Total number of units; unknown if absent. */
  total?: number | undefined;
  /** Units that an earlier run finished. The rate and the estimated time leave them out. @default 0 */
  done?: number;
}

export interface Progress {
  /** Reports that `done` units of the total are finished. */
  update(done: number): void;
  /** Says whether anybody works on the task. The rate leaves out the time in which nobody does. @default true */
  setWorking(isWorking: boolean): void;
  /** Removes the bar and prints nothing more. Call it after failures too. */
  stop(): void;
}

/** The members of a stream that progress needs. */
export interface ProgressStream {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/** Describes position, rate and remaining time, for example `512/2,400 answers  21.3 %  210/s  ETA 9 s`. */
export function describeProgress(options: ProgressOptions, done: number, seconds: number): string {
  const { total } = options;
  const rate = seconds > 0 ? (done - (options.done ?? 0)) / seconds : 0;
  const parts = [describeCount(options, done)];
  if (total !== undefined && total > 0) parts.push(formatPercent(done / total));
  if (rate > 0) {
    parts.push(`${formatRate(rate)}/s`);
    if (total !== undefined) parts.push(`ETA ${formatDuration((total - done) / rate)}`);
  }
  return parts.join('  ');
}

/** Formats a position as `512/2,400 answers`. */
function describeCount({ unit, total }: ProgressOptions, done: number): string {
  return `${formatCount(done)}${total === undefined ? '' : `/${formatCount(total)}`} ${unit}`;
}

/** Shows a bar on a terminal, and lines otherwise: see {@link startLines}. */
export function startProgress(options: ProgressOptions, stream: ProgressStream): Progress {
  return stream.isTTY ? startBar(options, stream) : startLines(options, stream);
}

/** Measures the time in which somebody works on a task. */
class WorkClock {
  #worked = 0;
  #since: number | undefined = performance.now();

  setWorking(isWorking: boolean): void {
    if (isWorking === (this.#since !== undefined)) return;
    this.#worked = this.seconds;
    this.#since = isWorking ? performance.now() : undefined;
  }

  get seconds(): number {
    return this.#worked + (this.#since === undefined ? 0 : (performance.now() - this.#since) / 1000);
  }
}

/**
 * Writes at most one line in five seconds while there is progress. A stalled task is reported at growing intervals, so
 * that the log neither fills with equal lines nor falls silent.
 */
function startLines(options: ProgressOptions, stream: ProgressStream): Progress {
  const start = performance.now();
  let lastLine = start;
  let current = options.done ?? 0;
  let shown = current;
  let quietMs = FIRST_QUIET_MS;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  const write = (text: string): void => void stream.write(`${options.label}: ${text}\n`);
  const seconds = (): number => (performance.now() - start) / 1000;
  const clock = new WorkClock();
  const watch = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      write(`still at ${describeCount(options, current)} after ${formatDuration(seconds())}`);
      shown = current;
      quietMs = Math.min(2 * quietMs, LONGEST_QUIET_MS);
      watch();
    }, quietMs).unref();
  };
  watch();
  return {
    update(done) {
      current = done;
      const now = performance.now();
      if (isStopped || done === shown || now - lastLine < LINE_INTERVAL_MS) return;
      write(describeProgress(options, done, clock.seconds));
      lastLine = now;
      shown = done;
      quietMs = FIRST_QUIET_MS;
      watch();
    },
    setWorking: (isWorking) => clock.setWorking(isWorking),
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

function startBar(options: ProgressOptions, stream: ProgressStream): Progress {
  const clock = new WorkClock();
  // Loaded here because most runs of the program show no bar.
  const { SingleBar: Bar } = createRequire(import.meta.url)('cli-progress') as { SingleBar: typeof SingleBar };
  const format = (_: unknown, params: { value: number }): string => {
    const text = `${options.label} ${describeProgress(options, params.value, clock.seconds)}`;
    const columns = stream.columns ?? 80;
    const room = Math.min(MAX_BAR_WIDTH, columns - text.length - 4);
    if (options.total === undefined || options.total === 0 || room < MIN_BAR_WIDTH) return text.slice(0, columns - 1);
    const filled = Math.round((room * Math.min(params.value, options.total)) / options.total);
    return `[${'='.repeat(filled)}${' '.repeat(room - filled)}] ${text}`;
  };
  const bar = new Bar({
    format,
    stream: stream as NodeJS.WritableStream,
    clearOnComplete: true,
    hideCursor: true,
    fps: 8,
  });
  bar.start(options.total ?? 0, options.done ?? 0);
  return {
    update: (done) => {
      bar.update(done);
    },
    setWorking: (isWorking) => clock.setWorking(isWorking),
    stop: () => {
      bar.stop();
    },
  };
}
