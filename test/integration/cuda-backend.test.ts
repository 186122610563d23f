import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import type { CudaAddon } from '../../src/native/cuda-addon.js';
import { CUDA_OPERATIONS } from '../../src/native/cuda-addon.js';
import { runCli } from '../support/cli.js';

const ADDON = fileURLToPath(new URL('../../build/cuda/Release/engine_cuda.node', import.meta.url));
const cuda = existsSync(ADDON) ? (createRequire(import.meta.url)(ADDON) as CudaAddon) : undefined;
const device = cuda?.cudaDevice();

interface Doctor {
  addon: {
    ok: boolean;
    reason?: string;
    value: { backend: string; backendChoice: { reasons: string[] }; cuda: { usable: boolean; reason?: string } };
  };
}

async function doctor(backend: string): Promise<Doctor['addon']> {
  const { stdout } = await runCli(['doctor', '--json'], { env: { UNIVAR_BACKEND: backend } });
  return (JSON.parse(stdout) as Doctor).addon;
}

describe.skipIf(!cuda)('the CUDA addon, if nvcc has built it', () => {
  it('loads, with or without a GPU, and has the exports that the loader needs', () => {
    expect(Object.keys(cuda!).sort()).toEqual([...CUDA_OPERATIONS, 'cudaDevice'].sort());
  });

  it.skipIf(device?.available)('explains why there is no device', () => {
    expect(device).toMatchObject({
      available: false,
      runtime: expect.stringMatching(/^\d+\.\d+$/) as string,
      reason: expect.stringMatching(/driver|device|capability/) as string,
    });
  });

  it.skipIf(device?.available)('rejects operations with the reason, and does not crash', async () => {
    const x = Float32Array.of(1, 0);
    const sizes = { rows: 1, dim: 2, logitScale: 20, mode: 'one-way', precision: 'f32' } as const;
    const loss = cuda!.infoNce({ query: x, key: x, dQuery: x.slice(), dKey: x.slice(), ...sizes });
    await expect(loss).rejects.toMatchObject({
      code: 'ERR_DEVICE_UNAVAILABLE',
      message: `No CUDA device: ${device!.reason!}`,
    });
    await expect(cuda!.topkPrepare(x, 1, 2, 'ip', 'bf16')).rejects.toMatchObject({ code: 'ERR_DEVICE_UNAVAILABLE' });
  });
});

describe.skipIf(device?.available)('UNIVAR_BACKEND without a GPU', () => {
  it('falls back for auto, and keeps the reason', async () => {
    const { value } = await doctor('auto');
    expect(value).toMatchObject({ backend: 'cpu', cuda: { usable: false, testedOnDevice: false } });
    expect(value.backendChoice.reasons).toEqual([`cuda: ${value.cuda.reason!}`]);
  });

  it('fails for cuda, naming the reason', async () => {
    expect(await doctor('cuda')).toMatchObject({
      ok: false,
      reason: expect.stringContaining('UNIVAR_BACKEND=cuda requires a GPU, but ') as string,
    });
    const { code, stderr } = await runCli(['quickstart'], { env: { UNIVAR_BACKEND: 'cuda' } });
    expect(code).toBe(1);
    expect(stderr).toContain('UNIVAR_BACKEND=cuda');
  });

  it('rejects an unknown backend', async () => {
    expect(await doctor('gpu')).toMatchObject({ ok: false, reason: expect.stringContaining('got gpu') as string });
  });
});
