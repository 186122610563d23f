/**
 * Runs test/soak with a sanitizer for a given time: on every instruction set of this CPU in turn, each time in a new
 * process with the next seed. Stops at the first report.
 *
 *   npm run soak -- address|thread --minutes 60 [--seed 1] [--slice 5] [--targets AVX2,SSE4] [--only training,indexes]
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { buildSanitized } from './build-sanitized.mjs';

const ROOT = resolve(import.meta.dirname, '..');
const SOAK = join(ROOT, 'test/soak');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '10' },
    slice: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    targets: { type: 'string' },
    only: { type: 'string' },
  },
});

function fail(message) {
  console.error(`soak: ${message}`);
  process.exit(2);
}

/** Returns the path of a library of the compiler. */
const library = (name) => spawnSync('g++', [`-print-file-name=${name}`], { encoding: 'utf8' }).stdout.trim();

/** What must be loaded before Node, and the options of the sanitizer. */
const ENVIRONMENTS = {
  address: () => ({
    LD_PRELOAD: `${library('libasan.so')}:${library('libubsan.so')}`,
    // Node frees little when it exits, and V8 reserves more memory than there is.
    ASAN_OPTIONS: 'detect_leaks=0:detect_stack_use_after_return=1:use_sigaltstack=0:allocator_may_return_null=1',
    UBSAN_OPTIONS: `suppressions=${join(SOAK, 'undefined.supp')}:print_stacktrace=1:halt_on_error=1`,
  }),
  // ThreadSanitizer does not understand the barriers of GCC's OpenMP. LLVM's has the same interface, and explains its
  // barriers by the tool Archer.
  thread: () => {
    const folder = readdirSync('/usr/lib')
      .map((name) => `/usr/lib/${name}/lib`)
      .find((path) => path.includes('llvm-') && existsSync(`${path}/libarcher.so`));
    if (!folder) fail('libarcher.so was not found. Debian, Ubuntu: sudo apt-get install libomp-dev');
    return {
      LD_PRELOAD: `${library('libtsan.so')}:${folder}/libomp.so`,
      OMP_TOOL_LIBRARIES: `${folder}/libarcher.so`,
      // Node and the libraries are not instrumented, so their locks and atomics are unknown.
      TSAN_OPTIONS: `suppressions=${join(SOAK, 'thread.supp')}:ignore_noninstrumented_modules=1:history_size=7`,
    };
  },
};

const [sanitizer] = positionals;
if (!Object.hasOwn(ENVIRONMENTS, sanitizer ?? '')) fail(`expected address or thread, got ${sanitizer ?? 'nothing'}`);
const { LD_PRELOAD, ...options } = ENVIRONMENTS[sanitizer]();
const env = {
  ...process.env,
  ...options,
  UNIVAR_SOAK_ADDON: buildSanitized(sanitizer),
  OMP_WAIT_POLICY: 'passive', // spinning threads would slow each other down on a busy machine
};
// The usual build says which instruction sets this CPU supports. The sanitized one cannot be loaded without preloads.
const usual = createRequire(import.meta.url)(join(ROOT, 'build/Release/engine.node'));
const targets = values.targets?.split(',') ?? usual.capabilities().simdSupported;
const seconds = 60 * Number(values.minutes);
const slice = Math.min(seconds, 60 * Number(values.slice));
if (!(slice > 0)) fail('expected numbers above 0 for --minutes and --slice');

for (let run = 0; run * slice < seconds; run++) {
  const node = [process.execPath, '--expose-gc', '--import', join(SOAK, 'use-addon.mjs'), '--import', 'tsx'];
  const args = [
    ...node,
    join(SOAK, 'main.ts'),
    '--seconds',
    String(slice),
    '--seed',
    String(Number(values.seed) + run),
  ];
  if (values.only) args.push('--only', values.only);
  // ThreadSanitizer does not support all random layouts of the address space, which setarch fixes.
  const { status, signal } = spawnSync('setarch', ['-R', 'env', `LD_PRELOAD=${LD_PRELOAD}`, ...args], {
    stdio: 'inherit',
    env: { ...env, UNIVAR_SIMD: targets[run % targets.length] },
  });
  if (status !== 0) {
    console.error(`soak: failed with ${sanitizer}: ${signal ?? `exit code ${status}`}`);
    process.exit(1);
  }
}
console.log(`soak: ok with ${sanitizer} for ${values.minutes} min on ${targets.join(', ')}`);
