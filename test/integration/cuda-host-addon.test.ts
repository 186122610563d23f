import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';

import { temporaryFolder } from '../support/temporary-folder.js';

const ROOT = join(import.meta.dirname, '..', '..');

/**
 * The CUDA addon whole, kernels run by the host: encoder, gradients, AdamW and loss against PyTorch's fixtures, through the
 * loader, in the very files that test the CPU.
 */
describe('the CUDA addon compiled for the host', () => {
  it('passes the tests of the encoder', async () => {
    const folder = temporaryFolder();
    const script = (name: string, args: string[], env = {}) =>
      promisify(execFile)(process.execPath, [join(ROOT, 'scripts', name), ...args], { cwd: ROOT, env: { ...process.env, ...env } });
    await script('build-cuda-host.mjs', [folder]);
    const env = { UNIVAR_CUDA_ADDON: join(folder, 'engine_cuda.node'), REQUIRE_CUDA: '1', UNIVAR_TEST_REPORT: '' };
    const { stdout, failed } = await script('test-cuda.mjs', ['encoder-parity', 'encoder-layers'], env).then(
      (result) => ({ ...result, failed: false }),
      (error: unknown) => ({ ...(error as { stdout: string; stderr: string }), failed: true }),
    );
    expect({ failed, stdout: failed ? stdout : '' }).toEqual({ failed: false, stdout: '' });
    expect(stdout).toMatch(/Tests +\d+ passed/);
  }, 900_000); // a minute of compilers, and kernels at the speed of loops
});
