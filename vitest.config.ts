import { createRequire } from 'node:module';

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

const project = (
  name: string,
  folder: string,
  settings: { env?: Record<string, string>; globalSetup?: string } = {},
) => ({
  extends: true as const,
  test: { name, include: [`test/${folder}/**/*.test.ts`], ...settings },
});

export default defineConfig({
  test: {
    // With processes, a crash in native code fails one file, not the run.
    pool: 'forks',
    // .ci/run reads the totals from this file.
    reporters: process.env['UNIVAR_TEST_REPORT']
      ? ['default', ['json', { outputFile: process.env['UNIVAR_TEST_REPORT'] }]]
      : ['default'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      project('unit', 'unit'),
      ...simdTargets().map((simd) => project(`native ${simd}`.trim(), 'native', { env: { UNIVAR_SIMD: simd } })),
      project('integration', 'integration', { globalSetup: 'test/support/build-dist.ts' }),
    ],
  },
});
