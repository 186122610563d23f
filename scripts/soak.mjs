/**
 * Runs test/soak for a given time with a tool that reports damaged memory: on every instruction set of this CPU in
 * turn, each time in a new process with the next seed. Stops at the first report. See CONTRIBUTING.md.
 *
 *   npm run soak -- address|thread|valgrind [--minutes 10] [--slice 5] [--seed 1] [--targets AVX2,SSE4]
 *                   [--only training,indexes]
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { buildEncoderSteps, buildSanitized } from './build-sanitized.mjs';

const ROOT = resolve(import.meta.dirname, '..');
const SOAK = join(ROOT, 'test/soak');

function fail(message) {
  console.error(`soak: ${message}`);
  process.exit(2);
}

/** Returns the path of a library of the compiler. */
const library = (name) => spawnSync('g++', [`-print-file-name=${name}`], { encoding: 'utf8' }).stdout.trim();

/** Returns LLVM's folder with OpenMP and its tool Archer. */
function archerFolder() {
  const folders = readdirSync('/usr/lib').map((name) => `/usr/lib/${name}/lib`);
  const found = folders.find((folder) => folder.includes('llvm-') && existsSync(`${folder}/libarcher.so`));
  return found ?? fail('libarcher.so was not found. Debian, Ubuntu: sudo apt-get install libomp-dev');
}

/** Returns the command of a slice of test/soak/main.ts. `preload` must be loaded before Node. */
function nodeWith(sanitizer, preload, options) {
  const env = {
    ...options,
    UNIVAR_SOAK_ADDON: buildSanitized(sanitizer),
    OMP_WAIT_POLICY: 'passive', // spinning threads would slow each other down on a busy machine
  };
  const node = [process.execPath, '--expose-gc', '--import', join(SOAK, 'use-addon.mjs'), '--import', 'tsx'];
  return (simd, seed, seconds) => {
    const program = [join(SOAK, 'main.ts'), '--seconds', String(seconds), '--seed', String(seed)];
    if (values.only) program.push('--only', values.only);
    // ThreadSanitizer does not support all random layouts of the address space, which setarch fixes.
    const command = ['setarch', '-R', 'env', `LD_PRELOAD=${preload}`, ...node, ...program];
    return { command, env: { ...env, UNIVAR_SIMD: simd } };
  };
}

/** Each builds what it needs and returns the command of a slice. */
const TOOLS = {
  address: () =>
    nodeWith('address', `${library('libasan.so')}:${library('libubsan.so')}`, {
      // Node frees little when it exits, and V8 reserves more memory than there is.
      ASAN_OPTIONS: 'detect_leaks=0:detect_stack_use_after_return=1:use_sigaltstack=0:allocator_may_return_null=1',
      UBSAN_OPTIONS: `suppressions=${join(SOAK, 'undefined.supp')}:print_stacktrace=1:halt_on_error=1`,
    }),
  // ThreadSanitizer does not understand the barriers of GCC's OpenMP. LLVM's has the same interface, and explains its
  // barriers by Archer. Threads of OpenMP and Node do not end before the process.
  thread: () =>
    nodeWith('thread', `${library('libtsan.so')}:${archerFolder()}/libomp.so`, {
      OMP_TOOL_LIBRARIES: `${archerFolder()}/libarcher.so`,
      TSAN_OPTIONS: `suppressions=${join(SOAK, 'thread.supp')}:report_thread_leaks=0:history_size=7`,
    }),
  valgrind: () => {
    const valgrind = ['valgrind', '--quiet', '--error-exitcode=1', '--num-callers=20', buildEncoderSteps()];
    return (simd, seed) => ({ command: [...valgrind, String(seed), '10', simd], env: { OMP_WAIT_POLICY: 'passive' } });
  },
};

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
const [tool = 'nothing'] = positionals;
if (!Object.hasOwn(TOOLS, tool)) fail(`expected one of ${Object.keys(TOOLS).join(', ')}, got ${tool}`);
const [minutes, slice, seed] = [values.minutes, values.slice, values.seed].map(Number);
if (!(minutes > 0 && slice > 0 && Number.isInteger(seed)))
  fail('expected numbers above 0 for --minutes and --slice, and a whole number for --seed');

const commandOf = TOOLS[tool]();
const usual = createRequire(import.meta.url)(join(ROOT, 'build/Release/engine.node'));
const targets = values.targets?.split(',') ?? usual.capabilities().simdSupported;
const end = performance.now() + 60_000 * minutes;
const done = new Set();
for (let run = 0; performance.now() < end; run++) {
  const simd = targets[run % targets.length];
  const seconds = Math.ceil(Math.min(60 * slice, (end - performance.now()) / 1000));
  const { command, env } = commandOf(simd, seed + run, seconds);
  const [program, ...args] = command;
  const { status, signal, error } = spawnSync(program, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  if (error) fail(`${program} does not run: ${error.message}`);
  if (status !== 0) {
    console.error(`soak: failed with ${tool}, --seed ${seed + run}: ${signal ?? `exit code ${status}`}`);
    process.exit(1);
  }
  done.add(simd);
}
console.log(`soak: ok with ${tool} for ${minutes} min on ${[...done].join(', ')}`);
