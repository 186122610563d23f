import { createRequire } from 'node:module';

import type { SingleBar } from 'cli-progress';

import { formatCount, formatDuration, formatPercent, formatRate } from './format.js';

const LINE_INTERVAL_MS = 5000;
const MIN_BAR_WIDTH = 10;
const MAX_BAR_WIDTH = 30;

export interface ProgressOptions {
  /** What is going on, for example `embed`. */
  label: string;
  /** What is counted, for example `answers`. */
  unit: string;
  /** Number of units in all; unknown when absent. */
  total?: number | undefined;
  /** Units that were done before, so that they count neither for the rate nor for the estimate. @default 0 */
  done?: number;
}

export interface Progress {
  /** `done` units of the total are finished. */
  update(done: number): void;
  /** Removes the bar; call it whatever happens. */
  stop(): void;
}

/** The part of a stream that matters here. */
export interface ProgressStream {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/** How far, how fast and how long still, for example `512/2,400 answers  21.3 %  210/s  ETA 9 s`. */
export function describeProgress(options: ProgressOptions, done: number, seconds: number): string {
  const { unit, total } = options;
  const rate = seconds > 0 ? (done - (options.done ?? 0)) / seconds : 0;
  const parts = [`${formatCount(done)}${total === undefined ? '' : `/${formatCount(total)}`} ${unit}`];
  if (total !== undefined && total > 0) parts.push(formatPercent(done / total));
  if (rate > 0) {
    parts.push(`${formatRate(rate)}/s`);
    if (total !== undefined) parts.push(`ETA ${formatDuration((total - done) / rate)}`);
  }
  return parts.join('  ');
}

/** A bar on a terminal, otherwise a line every five seconds. */
export function startProgress(options: ProgressOptions, stream: ProgressStream): Progress {
  return stream.isTTY ? startBar(options, stream) : startLines(options, stream);
}

function startLines(options: ProgressOptions, stream: ProgressStream): Progress {
  const start = performance.now();
  let last = start;
  return {
    update(done) {
      const now = performance.now();
      if (now - last < LINE_INTERVAL_MS) return;
      last = now;
      stream.write(`${options.label}: ${describeProgress(options, done, (now - start) / 1000)}\n`);
    },
    stop() {
      // Nothing stays open.
    },
  };
}

function startBar(options: ProgressOptions, stream: ProgressStream): Progress {
  const start = performance.now();
  // Loaded here, because most calls of the program show no bar.
  const { SingleBar: Bar } = createRequire(import.meta.url)('cli-progress') as { SingleBar: typeof SingleBar };
  const format = (_: unknown, params: { value: number }): string => {
    const text = `${options.label} ${describeProgress(options, params.value, (performance.now() - start) / 1000)}`;
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
    stop: () => {
      bar.stop();
    },
  };
}
