import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';

import { temporaryFolder } from '../support/temporary-folder.js';

const ROOT = join(import.meta.dirname, '..', '..');
const FLAGS = ['-std=c++20', '-O2', '-g', '-Wall', '-Wextra', '-Werror', '-Wno-unknown-pragmas', '-ffp-contract=off', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];

/**
 * The CUDA backend's kernels and drivers are compiled for the host, with sanitizers, and compared with double-precision
 * references (native/cuda/block.h says how). Only tensor-core instructions, launches and copies stay unseen.
 */
describe('the CUDA backend on the host', () => {
  it.each(['tiles', 'infonce', 'topk', 'layer_norm', 'elementwise', 'tokens'])('%s', async (name) => {
    const program = join(temporaryFolder(), name);
    const source = join(ROOT, 'test', 'native-cpp', `cuda_${name}_test.cc`);
    const includes = ['native', 'test/native-cpp'].map((folder) => `-I${join(ROOT, folder)}`);
    const run = promisify(execFile);
    await run(process.env['CXX'] ?? 'g++', [...FLAGS, ...includes, source, '-o', program]);
    const { stdout, stderr } = await run(program, { maxBuffer: 1 << 26 }).catch((error: unknown) => error as { stdout: string; stderr: string });
    const lines = stdout.trimEnd().split('\n');
    expect(lines.filter((line) => !line.startsWith('ok '))).toEqual([]);
    expect(stderr).toBe(''); // sanitizers
    expect(lines.at(-1)).toBe('ok all done');
  }, 400_000); // some 15 s of CPU each, compiler included
});
