import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect } from 'vitest';

import { temporaryFolder } from './temporary-folder.js';

const ROOT = join(import.meta.dirname, '..', '..');
const FLAGS = ['-std=c++20', '-Wall', '-Wextra', '-Werror', '-Wno-unknown-pragmas', '-ffp-contract=off'];

/** The programs of test/native-cpp that compare the CUDA backend with double precision: cuda_NAME_test.cc. */
export const CUDA_HOST_PROGRAMS = [
  'tiles',
  'linear',
  'attention',
  'layer_norm',
  'elementwise',
  'tokens',
  'infonce',
  'topk',
] as const;

/**
 * Compiles a program for the host, runs it, and expects every check to pass. native/cuda/machine/block.h explains how
 * kernels run on the host; only tensor-core instructions, launches and copies stay untested.
 *
 * @param flags of the compiler
 */
export async function expectCudaHostPasses(name: string, flags: readonly string[]): Promise<void> {
  const program = join(temporaryFolder(), name);
  await compile([...flags, `test/native-cpp/cuda_${name}_test.cc`], program);
  await expectAllOk(program);
}

/** Runs the calls to cuBLASLt against a library that only records them, and without any library. */
export async function expectCublasLtPasses(flags: readonly string[]): Promise<void> {
  const folder = temporaryFolder();
  const program = join(folder, 'cublas_lt');
  await compile([...flags, 'test/native-cpp/cuda_cublas_lt_test.cc', 'native/cuda/machine/cublas_lt.cc'], program);
  await expectAllOk(program, { EXPECT_NO_LIBRARY: '1' });
  await compile([...flags, 'test/native-cpp/fake_cublas_lt.cc', '-shared', '-fPIC'], join(folder, 'libcublasLt.so.13'));
  await expectAllOk(program, { LD_LIBRARY_PATH: folder });
}

const run = promisify(execFile);

async function compile(args: readonly string[], to: string): Promise<void> {
  await run(process.env['CXX'] ?? 'g++', [...FLAGS, '-Inative', '-Itest/native-cpp', ...args, '-o', to], { cwd: ROOT });
}

/** Each check of the program prints a line; sanitizers print to standard error. */
async function expectAllOk(program: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
  const options = { maxBuffer: 1 << 26, env: { ...process.env, ...env } };
  const { stdout, stderr } = await run(program, options).catch(
    (error: unknown) => error as { stdout: string; stderr: string },
  );
  const lines = stdout.trimEnd().split('\n');
  expect(lines.filter((line) => !line.startsWith('ok '))).toEqual([]);
  expect(stderr).toBe('');
  expect(lines.at(-1)).toBe('ok all done');
}
