import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';

import { temporaryFolder } from '../support/temporary-folder.js';

const ROOT = join(import.meta.dirname, '..', '..');
const FLAGS = [
  '-std=c++20',
  '-O2',
  '-g',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-Wno-unknown-pragmas',
  '-ffp-contract=off',
  '-fsanitize=address,undefined',
  '-fno-sanitize-recover=all',
];

/**
 * The CUDA backend's kernels and drivers are compiled for the host, with sanitizers, and compared with double-precision
 * references (native/cuda/machine/block.h explains this). Only tensor-core instructions, launches and copies are not
 * tested.
 */
describe('the CUDA backend on the host', () => {
  it.each(['tiles', 'linear', 'attention', 'layer_norm', 'elementwise', 'tokens', 'infonce', 'topk'])(
    '%s',
    async (name) => {
      const program = join(temporaryFolder(), name);
      await compile([`test/native-cpp/cuda_${name}_test.cc`], program);
      await expectAllOk(program);
    },
    400_000,
  ); // about 15 s of CPU each, including the compiler

  it('calls cuBLASLt correctly', async () => {
    const folder = temporaryFolder();
    const program = join(folder, 'cublas_lt');
    await compile(['test/native-cpp/cuda_cublas_lt_test.cc', 'native/cuda/machine/cublas_lt.cc'], program);
    await expectAllOk(program, { EXPECT_NO_LIBRARY: '1' });
    await compile(['test/native-cpp/fake_cublas_lt.cc', '-shared', '-fPIC'], join(folder, 'libcublasLt.so.13'));
    await expectAllOk(program, { LD_LIBRARY_PATH: folder });
  }, 400_000);
});

const run = promisify(execFile);

async function compile(args: readonly string[], to: string): Promise<void> {
  await run(process.env['CXX'] ?? 'g++', [...FLAGS, '-Inative', '-Itest/native-cpp', ...args, '-o', to], { cwd: ROOT });
}

/** Each check of the program prints a line. Sanitizers print to standard error. */
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
