import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface CliResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface CliRun {
  child: ChildProcess;
  result: Promise<CliResult>;
}

/** The compiled command of packages/bench-gate. */
export const BENCH_GATE = fileURLToPath(new URL('../../packages/bench-gate/dist/cli/main.js', import.meta.url));

export interface CliSetting {
  /** Program to run. @default {@link MAIN} */
  main?: string;
  cwd?: string;
  env?: Record<string, string>;
  /** Text for standard input, which is then closed. @default '' */
  stdin?: string;
}

/** Starts the compiled `univar` without a terminal. */
export function startCli(args: readonly string[], { cwd, env, stdin = '', main = MAIN }: CliSetting = {}): CliRun {
  const child = spawn(process.execPath, [main, ...args], { cwd, env: { ...process.env, ...env }, stdio: 'pipe' });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  child.stdin.on('error', () => undefined); // The program may end without reading its input.
  child.stdin.end(stdin);
  const result = new Promise<CliResult>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, ...output }));
  });
  return { child, result };
}

/** Runs the compiled `univar` and waits for its end. */
export function runCli(args: readonly string[], setting?: CliSetting): Promise<CliResult> {
  return startCli(args, setting).result;
}
