/**
 * Runs the tests of the operations that the CUDA backend has, on the GPU: the same tests that the CPU passes. Without a usable
 * GPU it says why and succeeds; REQUIRE_CUDA=1 makes that a failure. UNIVAR_CUDA_ADDON names another build of the addon.
 *
 *   node scripts/test-cuda.mjs [NAME ...]     tests of test/native, for example encoder-parity
 */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const ADDON = process.env.UNIVAR_CUDA_ADDON ?? join(ROOT, 'build', 'cuda', 'Release', 'engine_cuda.node');
const ALL = ['infonce', 'top-k', 'similarity-base', 'encoder-parity', 'encoder-layers'];
const TESTS = (process.argv.length > 2 ? process.argv.slice(2) : ALL).map((name) => `test/native/${name}.test.ts`);

/** Why no operation can run on a GPU here, or undefined. */
function obstacle() {
  try {
    const device = createRequire(import.meta.url)(ADDON).cudaDevice();
    return device.available ? undefined : device.reason;
  } catch (error) {
    return `the CUDA addon does not load: ${error.message.split('\n')[0]}`;
  }
}

const reason = obstacle();
if (reason) {
  console.log(`skipped: ${reason}`);
  process.exit(process.env.REQUIRE_CUDA === '1' ? 1 : 0);
}
const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
// One instruction set is enough: the CPU only prepares and checks.
const simd = createRequire(import.meta.url)(join(ROOT, 'build', 'Release', 'engine.node')).capabilities().simd;
const { status } = spawnSync(process.execPath, [vitest, 'run', '--project', `native ${simd}`, ...TESTS], {
  cwd: ROOT,
  stdio: 'inherit',
  env: { ...process.env, UNIVAR_BACKEND: 'cuda' },
});
process.exit(status ?? 1);
