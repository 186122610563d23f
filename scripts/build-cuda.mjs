/**
 * Builds engine_cuda.node with cmake-js if nvcc is found. It is optional: without it, everything runs on the CPU.
 *
 *   --use_cuda=0 or UNIVAR_USE_CUDA=0: do not build;   =1: fail if it cannot be built
 */
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { nodeHeaderRoot } from './node-headers.mjs';
import { hashOf, stampMatches, writeStamp } from './stamps.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OUT = join('build', 'cuda');
const ADDON = join(ROOT, OUT, 'Release', 'engine_cuda.node');
const STAMP = join(ROOT, OUT, '.univar-stamp');
const SOURCES = [
  'native/cuda',
  'native/core',
  'native/encoder',
  'native/ops',
  'native/binding',
  'scripts/build-cuda.mjs',
];

/** Returns the request: `'0'`, `'1'`, or undefined, which means "if nvcc is found". */
function wish() {
  const option = process.argv.find((word) => word.startsWith('--use_cuda='));
  return option ? option.slice('--use_cuda='.length) : (process.env.UNIVAR_USE_CUDA ?? '');
}

/** Finds the compiler and resolves links, because CMake looks for the toolkit in its folder. */
function findCompiler() {
  const folders = [process.env.CUDA_HOME, process.env.CUDA_PATH].filter(Boolean).map((folder) => join(folder, 'bin'));
  for (const folder of [...folders, ...(process.env.PATH ?? '').split(delimiter), '/usr/local/cuda/bin']) {
    const candidate = join(folder, 'nvcc');
    if (folder && existsSync(candidate)) return realpathSync(candidate);
  }
  return undefined;
}

function resolvePackage(name) {
  try {
    return createRequire(import.meta.url).resolve(name);
  } catch {
    return undefined;
  }
}

/** Returns what prevents a build, or undefined. */
function obstacle(compiler) {
  if (process.platform !== 'linux') return `CUDA is built only on Linux, this is ${process.platform}`;
  if (!compiler) return 'nvcc was not found in CUDA_HOME, CUDA_PATH, PATH or /usr/local/cuda';
  if (spawnSync('cmake', ['--version'], { stdio: 'ignore' }).status !== 0) return 'cmake was not found';
  if (!resolvePackage('cmake-js/package.json')) return 'the npm package cmake-js is not installed';
  if (!nodeHeaderRoot()) return "Node's headers were not found";
  return undefined;
}

function compile(compiler) {
  const version = /release ([\d.]+)/.exec(spawnSync(compiler, ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1];
  const hash = hashOf(ROOT, SOURCES, [process.version, process.arch, version ?? '']);
  if (existsSync(ADDON) && stampMatches(STAMP, hash)) return { state: 'present' };
  // Removes stale builds, and build folders copied from elsewhere, which would mislead CMake.
  rmSync(join(ROOT, OUT), { recursive: true, force: true });
  const cmakeJs = join(dirname(resolvePackage('cmake-js/package.json')), 'bin', 'cmake-js');
  const include = createRequire(import.meta.url)('node-addon-api').include_dir;
  const args = [
    'build',
    '--directory',
    join(ROOT, 'native', 'cuda'),
    '--out',
    join(ROOT, OUT),
    '--config',
    'Release',
    '--log-level',
    'error',
    '--parallel',
    String(availableParallelism()),
    `--CDNODE_ADDON_API=${resolve(ROOT, include)}`,
    `--CDCMAKE_CUDA_COMPILER=${compiler}`,
  ];
  // Makes cmake-js use these headers instead of downloading them.
  const env = { ...process.env, npm_config_nodedir: nodeHeaderRoot() };
  const { status, stdout, stderr } = spawnSync(process.execPath, [cmakeJs, ...args], {
    cwd: ROOT,
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0)
    return { state: 'failed', reason: 'the CUDA addon did not build', output: (stdout ?? '') + (stderr ?? '') };
  writeStamp(STAMP, hash);
  return { state: 'built' };
}

/**
 * @returns {{ state: 'present' | 'built' | 'off' | 'not built' | 'failed', reason?: string, output?: string, error:
 *   boolean }} `error`: the addon was requested, and the build failed
 */
export function buildCuda() {
  const wanted = wish();
  if (wanted === '0') return { state: 'off', error: false };
  if (!['', '1'].includes(wanted))
    return { state: 'failed', reason: `Expected 0 or 1 for "use_cuda", got ${wanted}`, error: true };
  const compiler = findCompiler();
  const reason = obstacle(compiler);
  const result = reason ? { state: 'not built', reason } : compile(compiler);
  return { ...result, error: wanted === '1' && !['present', 'built'].includes(result.state) };
}

/** Builds, prints the outcome, and returns the exit code. */
export function reportCuda() {
  const { state, reason, output, error } = buildCuda();
  if (output) console.error(output.trimEnd());
  console.log(`CUDA addon: ${state}${reason ? `: ${reason}` : ''}`);
  return error ? 1 : 0;
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) process.exit(reportCuda());
