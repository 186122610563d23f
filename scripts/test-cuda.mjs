/**
 * Runs the tests of the CUDA backend's operations on the GPU. They are the same tests as on the CPU. Without a usable
 * GPU, it prints the reason and succeeds, or fails if REQUIRE_CUDA=1. UNIVAR_CUDA_ADDON is the path of another build of
 * the addon.
 *
 *   node scripts/test-cuda.mjs [NAME ...]   tests of test/native, for example encoder-parity; all by default
 *     --backend=cpu                         runs the same tests on the CPU, for comparison
 *     --sanitizer=memcheck|racecheck        runs some small tests with compute-sanitizer of the CUDA toolkit
 */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const ADDON = process.env.UNIVAR_CUDA_ADDON ?? join(ROOT, 'build', 'cuda', 'Release', 'engine_cuda.node');
const ALL = ['infonce', 'top-k', 'similarity-base', 'encoder-parity', 'encoder-layers', 'encoder-sizes'];
/** Tests that are small enough for a sanitizer, which makes them a hundred times slower. */
const SMALL_TESTS =
  'matches double precision at (dim )?(17|63|64)( |$)|gives the loss of mode|gives every gradient of mode symmetric';

const { values: options, positionals } = parseArgs({
  options: { backend: { type: 'string', default: 'cuda' }, sanitizer: { type: 'string' } },
  allowPositionals: true,
});
const TESTS = (positionals.length > 0 ? positionals : ALL).map((name) => `test/native/${name}.test.ts`);

/** Returns why no operation can run on a GPU here, or undefined. */
function obstacle() {
  try {
    const device = createRequire(import.meta.url)(ADDON).cudaDevice();
    return device.available ? undefined : device.reason;
  } catch (error) {
    return `the CUDA addon does not load: ${error.message.split('\n')[0]}`;
  }
}

const reason = options.backend === 'cuda' ? obstacle() : undefined;
if (reason) {
  console.log(`skipped: ${reason}`);
  process.exit(process.env.REQUIRE_CUDA === '1' ? 1 : 0);
}
// One instruction set is enough, because the CPU only prepares inputs and checks results.
const simd = createRequire(import.meta.url)(join(ROOT, 'build', 'Release', 'engine.node')).capabilities().simd;
const vitest = [join(ROOT, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--project', `native ${simd}`, ...TESTS];
const setting = { cwd: ROOT, env: { ...process.env, UNIVAR_BACKEND: options.backend } };
process.exit(
  options.sanitizer
    ? sanitize(options.sanitizer)
    : (spawnSync(process.execPath, vitest, { ...setting, stdio: 'inherit' }).status ?? 1),
);

/** Runs the tests with a sanitizer. Each test file is a process with its own summary. */
function sanitize(tool) {
  const args = [
    '--tool',
    tool,
    '--target-processes',
    'all',
    process.execPath,
    ...vitest,
    '--testTimeout=600000',
    '-t',
    SMALL_TESTS,
  ];
  const { status, stdout, error } = spawnSync('compute-sanitizer', args, {
    ...setting,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 28,
  });
  process.stdout.write(stdout ?? '');
  const summaries = stdout?.match(/SUMMARY: \d+/g) ?? [];
  const verdict =
    error?.message ??
    (summaries.length === 0
      ? 'no process was checked'
      : summaries.some((line) => line !== 'SUMMARY: 0')
        ? 'errors were found'
        : 'no errors');
  console.log(`${tool}: ${verdict}`);
  return verdict === 'no errors' ? (status ?? 1) : 1;
}
