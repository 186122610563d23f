import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, describe, expect, it, vi } from 'vitest';

import { temporaryFolder } from '../../support/temporary-folder.js';

interface Steps {
  findCublasLt: () => string[];
  planSteps: (plan: object) => { args: string[] }[];
}

const ROOT = join(import.meta.dirname, '..', '..', '..');
const { findCublasLt, planSteps } = (await import(join(ROOT, 'scripts', 'gpu-host', 'steps.mjs'))) as Steps;

describe('the steps on a GPU host', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('measure every benchmark of the CUDA backend', () => {
    const steps = planSteps({ gpu: true, build: false, out: '/results', torch: { version: '2.9.0' } });
    const measured = steps.flatMap(({ args }) => args.filter((arg) => arg.startsWith('bench/cuda/'))).sort();
    const files = readdirSync(join(ROOT, 'bench', 'cuda'));
    const helpers = ['sizes.ts', 'torch-peer.ts'];
    expect(measured).toEqual(
      files
        .filter((name) => name.endsWith('.ts') && !helpers.includes(name))
        .map((name) => `bench/cuda/${name}`)
        .sort(),
    );
  });

  it('search the packages of python3 for cuBLASLt', () => {
    const folder = temporaryFolder();
    vi.stubEnv('PYTHONPATH', folder);
    const before = findCublasLt();
    const folders = ['cublas', 'cu13'].map((name) => join(folder, 'nvidia', name, 'lib'));
    for (const [i, version] of ['12', '13'].entries()) {
      mkdirSync(folders[i]!, { recursive: true });
      writeFileSync(join(folders[i]!, `libcublasLt.so.${version}`), '');
    }
    const found = findCublasLt();
    expect(new Set(found)).toEqual(new Set([...folders, ...before]));
    expect(found).toHaveLength(before.length + 2);
  });
});
