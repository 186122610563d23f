import { execFile } from 'node:child_process';

const TIMEOUT_MS = 30_000;

export type Probe<T> = { ok: true; value: T } | { ok: false; reason: string };

/**
 * Runs module code in a child process and reads the JSON that it prints. If a library crashes while it loads, for
 * example because the CPU lacks an instruction, only the child ends, and the doctor continues.
 *
 * @param code ES module; `process.argv.slice(1)` holds `args`
 */
export function probeInChild<T>(code: string, args: readonly string[]): Promise<Probe<T>> {
  const argv = [...process.execArgv, '--input-type=module', '-e', code, ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, argv, { timeout: TIMEOUT_MS, maxBuffer: 1 << 20 }, (error, stdout, stderr) => {
      if (!error) {
        resolve({ ok: true, value: JSON.parse(stdout) as T });
      } else if (error.signal) {
        resolve({
          ok: false,
          reason: error.killed ? 'no answer within 30 s' : `the process was killed by ${error.signal}`,
        });
      } else {
        const line = stderr.split('\n').find((candidate) => /^\w*Error\b/.test(candidate));
        resolve({ ok: false, reason: line?.replace(/^\w*Error( \[\w+\])?:\s*/, '') ?? error.message });
      }
    });
  });
}
