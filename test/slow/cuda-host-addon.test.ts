import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { MINI_ENCODER } from '../../src/encoder/default-encoder.js';
import { runCli } from '../support/cli.js';

const ROOT = join(import.meta.dirname, '..', '..');

/**
 * The complete CUDA addon with kernels run by the host: encoder, gradients, AdamW and loss against PyTorch's fixtures,
 * through the loader, with the same test files as for the CPU.
 */
describe('the CUDA addon compiled for the host', () => {
  const folder = mkdtempSync(join(tmpdir(), 'univar-test-'));
  const addon = join(folder, 'engine_cuda.node');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const script = (name: string, args: string[], env = {}) =>
    promisify(execFile)(process.execPath, [join(ROOT, 'scripts', name), ...args], {
      cwd: ROOT,
      env: { ...process.env, ...env },
    });

  beforeAll(() => script('build-cuda-host.mjs', [folder])); // compiling takes a minute

  it('passes the tests of the encoder', async () => {
    const env = { UNIVAR_CUDA_ADDON: addon, REQUIRE_CUDA: '1', UNIVAR_TEST_REPORT: '' };
    const { stdout, failed } = await script(
      'test-cuda.mjs',
      ['encoder-parity', 'encoder-layers', 'encoder-sizes'],
      env,
    ).then(
      (result) => ({ ...result, failed: false }),
      (error: unknown) => ({ ...(error as { stdout: string; stderr: string }), failed: true }),
    );
    expect({ failed, stdout: failed ? stdout : '' }).toEqual({ failed: false, stdout: '' });
    expect(stripVTControlCharacters(stdout)).toMatch(/Tests +\d+ passed/);
  });

  it('loads univar-mini in bf16, and rejects int8', async () => {
    const probe = async (precision: string, env: Record<string, string>) => {
      const { stdout } = await runCli(['doctor', '--json', '--encoder', MINI_ENCODER, '--precision', precision], {
        env,
      });
      return JSON.parse(stdout) as {
        addon: { value: { backend: string } };
        encoder: { probe: { ok: boolean; reason?: string } };
      };
    };
    const cuda = { UNIVAR_BACKEND: 'cuda', UNIVAR_CUDA_ADDON: addon };
    expect(await probe('bf16', cuda)).toMatchObject({
      addon: { value: { backend: 'cuda' } },
      encoder: { probe: { ok: true } },
    });
    expect(await probe('int8', cuda)).toMatchObject({
      encoder: { probe: { ok: false, reason: 'Backend cuda runs encoders in f32 or bf16, not in int8' } },
    });
  });
});
