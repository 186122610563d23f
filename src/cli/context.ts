import type { Interruption } from './interruption.js';
import type { Progress, ProgressOptions } from './progress.js';
import { startProgress } from './progress.js';

/** In fewer columns than this, excerpts of texts are too short to be useful. */
const MIN_WIDTH = 40;

/**
 * The process as a command sees it. Results go to standard output and everything else to standard error, so that
 * `univar ... --json > file` writes one document and nothing else.
 */
export interface CliContext {
  /** Fires at Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** Columns of the terminal that shows results; 80 if there is no terminal. */
  readonly width: number;
  /** Writes a result and a newline to standard output. */
  print(text: string): void;
  /** Writes `value` to standard output as one JSON document. */
  printJson(value: unknown): void;
  /** Writes a line for people to standard error. */
  log(text: string): void;
  /** Shows the progress of a long task: a bar on a terminal, otherwise lines at intervals. */
  progress(options: ProgressOptions): Progress;
  /**
   * Sets the exit code of a command that does not throw, for example if `doctor` finds that something is missing.
   */
  setExitCode(code: number): void;
  /** Sets the exit code of a command that works until a signal: 130 for Ctrl-C, 143 for SIGTERM. */
  endedBySignal(): void;
}

/** @param interruption says when a signal has arrived, and the exit code for it */
export function createContext(interruption: Pick<Interruption, 'signal' | 'exitCode'>): CliContext {
  return {
    signal: interruption.signal,
    width: Math.max(MIN_WIDTH, process.stdout.columns || 80),
    print: (text) => void process.stdout.write(`${text}\n`),
    printJson: (value) => void process.stdout.write(`${JSON.stringify(value, null, 2)}\n`),
    log: (text) => void process.stderr.write(`${text}\n`),
    progress: (options) => startProgress(options, process.stderr),
    setExitCode: (code) => {
      process.exitCode = code;
    },
    endedBySignal: () => {
      process.exitCode = interruption.exitCode;
    },
  };
}
