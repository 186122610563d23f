/**
 * Tests that the bundle for GPU hosts is complete by using it in a separate folder, without the environment of this
 * process.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { CudaAddon } from '../../src/native/cuda-addon.js';

const ROOT = join(import.meta.dirname, '..', '..');
const CUDA = join(ROOT, 'build', 'cuda', 'Release', 'engine_cuda.node');

function obstacle(): string | undefined {
  if (process.platform !== 'linux') return 'bundles are for Linux';
  if (!existsSync(CUDA)) return 'the CUDA addon is not built';
  for (const program of ['tar', 'xz', 'git'])
    if (spawnSync(program, ['--version']).status !== 0) return `${program} is not installed`;
  return undefined;
}
const reason = obstacle();
const device = reason === undefined && (createRequire(import.meta.url)(CUDA) as CudaAddon).cudaDevice().available;

describe.skipIf(reason !== undefined)(
  `the bundle for GPU hosts${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'univar-test-'));
    const host = join(folder, 'on a host'); // the space is part of the test
    const bundle = join(host, 'univar-gpu');

    /** Runs like a shell on a host: without our variables, with programs of the system only. */
    function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
      return spawnSync('/bin/sh', [join(bundle, 'run.sh'), ...args], {
        cwd: host,
        env: { PATH: '/usr/bin:/bin' },
        encoding: 'utf8',
      });
    }

    beforeAll(() => {
      execFileSync(process.execPath, ['scripts/gpu-bundle.mjs', '--out', folder], { cwd: ROOT });
      mkdirSync(host);
      execFileSync('tar', ['-C', host, '-xf', join(folder, 'univar-gpu.tar.xz')]);
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    it('is small, and has no other files beside it', () => {
      expect(statSync(join(folder, 'univar-gpu.tar.xz')).size).toBeLessThan(60 * 2 ** 20);
      expect(readdirSync(folder).sort()).toEqual(['on a host', 'univar-gpu.tar.xz']);
    });

    it('has the files for a build on the host and for the tests of encoders', () => {
      const files = [
        'node/include/node/node_api.h',
        'native/cuda/CMakeLists.txt',
        'native/core/status.h',
        'node_modules/cmake-js/package.json',
        'node_modules/node-addon-api/napi.h',
      ];
      for (const file of [
        ...files,
        'test/fixtures/parity/bert-tiny/model.safetensors',
        'models/bert-uncased/tokenizer.json',
      ]) {
        expect(existsSync(join(bundle, file)), file).toBe(true);
      }
    });

    it.skipIf(device)('reports what is missing if there is no GPU', () => {
      const { status, stdout, stderr } = run();
      expect(stderr).toMatch(/^No GPU can be used here: .*(driver|device)/);
      expect(stderr).toContain('--without-gpu');
      expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
    });

    it('rejects unknown options', () => {
      expect(run('--wihout-gpu')).toMatchObject({
        status: 2,
        stderr: expect.stringContaining('--wihout-gpu') as string,
      });
      expect(run('--without-gpu', '--only', 'tests,bench')).toMatchObject({
        status: 2,
        stderr: expect.stringContaining('Unknown step bench. The steps are: tests, bench-infonce, ') as string,
      });
    });

    it('tests and measures on the CPU, and writes the results', () => {
      const { status, stdout, stderr } = run('--without-gpu', '--out', 'some results');
      expect(stderr).toBe('');
      expect(stdout).toMatch(/^tests +ok .* passed, 0 failed/m);
      const read = (file: string): unknown => JSON.parse(readFileSync(join(host, 'some results', file), 'utf8'));
      const { steps } = read('summary.json') as { steps: { name: string; outcome: string }[] };
      expect(steps.filter(({ outcome }) => outcome !== 'ok')).toEqual([]);
      expect(steps.map(({ name }) => name)).toEqual(
        expect.arrayContaining([
          'tests',
          'bench-infonce',
          'bench-infonce-million',
          'bench-topk',
          'bench-encoder',
          'embed-bulk',
        ]),
      );
      const figures = readdirSync(join(host, 'some results')).filter((file) =>
        /^(infonce(-million)?|topk|encoder)-AVX\w+\.json$/.test(file),
      );
      expect(figures).toHaveLength(4);
      expect(read('embed-bulk.json')).toMatchObject({ environment: { backend: 'cpu' } });
      for (const file of figures)
        expect(read(file)).toMatchObject({ machine: { commit: expect.not.stringMatching('unknown') as string } });
      expect(readFileSync(join(host, 'some results', 'log.txt'), 'utf8')).toContain('== bench-topk');
      expect(status).toBe(0);
    });

    it('fails if a step fails, but runs the others', () => {
      rmSync(join(bundle, 'bench', 'cuda', 'infonce.ts'));
      const { status, stdout } = run('--without-gpu', '--only', 'bench-infonce,bench-topk');
      expect(stdout).toMatch(/^bench-infonce +failed .*exit status \d/m);
      expect(stdout).toMatch(/^bench-topk +ok /m);
      expect(status).toBe(1);
    });
  },
);
