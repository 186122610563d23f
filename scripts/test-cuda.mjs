/**
 * Runs the tests of the operations that the CUDA backend has, on the GPU: the same tests that the CPU passes. Without a usable
 * GPU it says why and succeeds; REQUIRE_CUDA=1 makes that a failure.
 *
 *   --backend=cpu                     the same on the CPU, to see what differs
 *   --sanitizer=memcheck|racecheck    some small ones under compute-sanitizer, a program of the CUDA toolkit
 */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TESTS = ['infonce', 'top-k', 'similarity-base'].map((name) => `test/native/${name}.test.ts`);
/** Names of the tests that are small enough for a sanitizer, which makes them a hundred times slower. */
const SMALL_TESTS = 'matches double precision at (dim )?(17|63|64)( |$)';
const FOUND_BY_SANITIZER = 86;

const { values: options } = parseArgs({ options: { backend: { type: 'string', default: 'cuda' }, sanitizer: { type: 'string' } } });

/** Why no operation can run on a GPU here, or undefined. */
function obstacle() {
  try {
    const device = createRequire(import.meta.url)(join(ROOT, 'build', 'cuda', 'Release', 'engine_cuda.node')).cudaDevice();
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
// One instruction set is enough: the CPU only prepares and checks.
const simd = createRequire(import.meta.url)(join(ROOT, 'build', 'Release', 'engine.node')).capabilities().simd;
const vitest = [process.execPath, join(ROOT, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--project', `native ${simd}`, ...TESTS];
// Threads: the sanitizer looks at one process.
const sanitized = ['compute-sanitizer', '--tool', options.sanitizer, '--error-exitcode', String(FOUND_BY_SANITIZER), ...vitest, '--pool=threads', '--testTimeout=600000', '-t', SMALL_TESTS];
const [command, ...args] = options.sanitizer ? sanitized : vitest;
const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, UNIVAR_BACKEND: options.backend } });
if (error) console.error(error.message);
if (status === FOUND_BY_SANITIZER) console.error(`${options.sanitizer} found errors, which are above`);
process.exit(status ?? 1);
