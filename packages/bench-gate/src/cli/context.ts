/** The process as a command sees it. Results go to standard output, everything else to standard error. */
export interface CliContext {
  /** Fires at Ctrl-C and SIGTERM. A second one ends the process. */
  readonly signal: AbortSignal;
  print: (text: string) => void;
  printJson: (value: unknown) => void;
  log: (text: string) => void;
  /** Shows how far a phase is: one line that is written over on a terminal, otherwise a line at times. */
  progress: (phase: string, done: number, total: number) => void;
  setExitCode: (code: number) => void;
}

const LINE_INTERVAL_MS = 10_000;

export function createContext(): CliContext {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort());
  const write = (text: string): void => void process.stderr.write(text);
  const { isTTY } = process.stderr;
  let written = performance.now();
  return {
    signal: controller.signal,
    print: (text) => void process.stdout.write(`${text}\n`),
    printJson: (value) => void process.stdout.write(`${JSON.stringify(value, null, 2)}\n`),
    log: (text) => write(`${text}\n`),
    progress: (phase, done, total) => {
      if (!isTTY && performance.now() - written < LINE_INTERVAL_MS) return;
      written = performance.now();
      write(`${isTTY ? '\r\x1b[K' : ''}${phase}: ${done} of ${total}${isTTY ? '\r' : '\n'}`);
    },
    setExitCode: (code) => {
      process.exitCode = code;
    },
  };
}
