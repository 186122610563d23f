import type { Progress, ProgressOptions } from './progress.js';
import { startProgress } from './progress.js';

/** Narrower than this, excerpts of texts say nothing. */
const MIN_WIDTH = 40;

/**
 * What a command needs of the process around it. Results go to standard output, everything else to standard error, so
 * that `univar ... --json > file` holds one document and nothing else.
 */
export interface CliContext {
  /** Fires at Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** Columns of the terminal that shows results; 80 where there is none. */
  readonly width: number;
  /** Writes a result to standard output, with a line end. */
  print(text: string): void;
  /** Writes `value` to standard output as one JSON document. */
  printJson(value: unknown): void;
  /** Writes a line for people to standard error. */
  log(text: string): void;
  /** Shows how far a long task is: a bar on a terminal, lines at intervals elsewhere. */
  progress(options: ProgressOptions): Progress;
  /**
   * Makes the process end with this code although the command succeeds, for example when `doctor` finds something
   * missing.
   */
  setExitCode(code: number): void;
}

export function createContext(signal: AbortSignal): CliContext {
  return {
    signal,
    width: Math.max(MIN_WIDTH, process.stdout.columns || 80),
    print: (text) => void process.stdout.write(`${text}\n`),
    printJson: (value) => void process.stdout.write(`${JSON.stringify(value, null, 2)}\n`),
    log: (text) => void process.stderr.write(`${text}\n`),
    progress: (options) => startProgress(options, process.stderr),
    setExitCode: (code) => {
      process.exitCode = code;
    },
  };
}
