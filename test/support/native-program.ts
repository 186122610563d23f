/** Programs of test/native-cpp, which test native code without the addon. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const FLAGS = ['-std=c++20', '-Wall', '-Wextra', '-Werror', '-Wno-unknown-pragmas', '-ffp-contract=off'];

/** Optimised as in a release; finds reads and writes out of bounds, and undefined behaviour. */
export const SANITIZERS = ['-O2', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];

const run = promisify(execFile);

/** @param args flags and sources, relative to the root of the repository */
export async function compileProgram(args: readonly string[], to: string): Promise<void> {
  await run(process.env['CXX'] ?? 'g++', [...FLAGS, '-Inative', '-Itest/native-cpp', ...args, '-o', to], { cwd: ROOT });
}

/** Runs a program and expects every check to pass. Each prints a line; sanitizers print to standard error. */
export async function expectAllOk(program: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
  const options = { maxBuffer: 1 << 26, env: { ...process.env, ...env } };
  const { stdout, stderr } = await run(program, options).catch(
    (error: unknown) => error as { stdout: string; stderr: string },
  );
  const lines = stdout.trimEnd().split('\n');
  expect(lines.filter((line) => !line.startsWith('ok '))).toEqual([]);
  expect(stderr).toBe('');
  expect(lines.at(-1)).toBe('ok all done');
}
