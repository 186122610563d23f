import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';

import { defineConfig } from 'vitest/config';

import type { Addon } from './src/native/addon-types.js';

/** Native tests run once for every instruction set that both CPU and addon support, each in its own process. */
function simdTargets(): string[] {
  try {
    return (createRequire(import.meta.url)('./build/Release/engine.node') as Addon).capabilities().simdSupported;
  } catch {
    return ['']; // The addon is not built. The tests report this.
  }
}

/** A test that can take longer on a busy machine belongs in test/slow. */
const LIMIT_MS = 60_000;
const SLOW_LIMIT_MS = 1_800_000;

interface ProjectSettings {
  env?: Record<string, string>;
  globalSetup?: string;
  isolate?: boolean;
  setupFiles?: string;
  testTimeout?: number;
  hookTimeout?: number;
}

const project = (name: string, folder: string, settings: ProjectSettings = {}) => ({
  extends: true as const,
  test: { name, include: [`test/${folder}/**/*.test.ts`], ...settings },
});

const compiled = { globalSetup: 'test/support/build-dist.ts' };

export default defineConfig({
  test: {
    // With processes, a crash in native code fails one file, not the run.
    pool: 'forks',
    // Vitest leaves one core idle, which is half of a small machine.
    maxWorkers: availableParallelism(),
    // .ci/run reads the totals from this file.
    reporters: process.env['UNIVAR_TEST_REPORT']
      ? ['default', ['json', { outputFile: process.env['UNIVAR_TEST_REPORT'] }]]
      : ['default'],
    testTimeout: LIMIT_MS,
    hookTimeout: LIMIT_MS,
    projects: [
      // Loading the modules again for each file would take longer than the tests.
      project('unit', 'unit', { isolate: false, setupFiles: 'test/support/without-addon.ts' }),
      project('addon', 'addon'),
      ...simdTargets().map((simd) => project(`native ${simd}`.trim(), 'native', { env: { UNIVAR_SIMD: simd } })),
      project('integration', 'integration', compiled),
      project('slow', 'slow', { ...compiled, testTimeout: SLOW_LIMIT_MS, hookTimeout: SLOW_LIMIT_MS }),
    ],
  },
});
