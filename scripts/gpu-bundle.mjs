/**
 * Packs everything that a host with a GPU but without network needs to build, test and measure the CUDA backend into
 * one file: Node with its headers, shared libraries, both addons, compiled TypeScript, npm packages, sources, fixtures
 * and answers to encode. docs/gpu.md describes its use, and scripts/gpu-host/ runs on the host.
 *
 * Usage: node scripts/gpu-bundle.mjs [--out FOLDER]     (default: build/gpu-bundle)
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { nodeHeaderRoot } from './node-headers.mjs';
import { packageClosure } from './package-closure.mjs';
import { sharedLibraries } from './shared-libraries.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const NAME = 'univar-gpu';
const LIMIT_MIB = 60;

/**
 * Paths of the files to pack, tracked by git or not ignored. The weights (23 MB) are left out, because they hardly
 * compress and would exceed the limit.
 */
const SOURCES = [
  'LICENSE',
  'NOTICE',
  'package.json',
  'binding.gyp',
  'tsconfig.json',
  'tsconfig.build.json',
  'vitest.config.ts',
  'native',
  'src',
  'scripts',
  'bench',
  ':!bench/results',
  'test',
  'models',
  'packages',
  ':!**/univar-*/model.safetensors',
  'examples/quickstart',
];
const ADDONS = ['build/Release/engine.node', 'build/cuda/Release/engine_cuda.node'];
/**
 * Packages that the tests, the benchmarks and a build of the CUDA addon import. dist/ loads those from commander on.
 */
const PACKAGES = ['vitest', 'tsx', 'node-addon-api', 'cmake-js', 'commander', 'ml-matrix', 'fastest-levenshtein'];
/** Vite loads it only to minify style sheets. */
const PACKAGES_LEFT_OUT = /\/lightningcss-/;
/** Files that no program reads. */
const FILES_LEFT_OUT = /(\.map|\.d\.[cm]?ts|(readme|changelog)\.md)$/i;
/** Libraries of GCC. Many hosts have new enough ones, which their compilers and drivers must find. run.sh decides. */
const OF_GCC = /^lib(stdc\+\+|gcc_s)\.so/;

class BundleError extends Error {}

function copyTree(from, to, wanted = () => true) {
  cpSync(from, to, { recursive: true, dereference: true, filter: (path) => wanted(path) });
}

/** Copies a program or library without its symbols, or unchanged if strip is not installed. */
function copyStripped(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  if (spawnSync('strip', ['-o', to, from], { stdio: 'ignore' }).status !== 0) copyFileSync(from, to);
}

function copySources(to) {
  const { status, stdout, stderr } = spawnSync(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ...SOURCES],
    { cwd: ROOT, encoding: 'utf8' },
  );
  if (status !== 0) throw new BundleError(`git, which lists the sources, failed: ${stderr ?? 'it is not installed'}`);
  // git also lists a file whose removal is not committed yet.
  for (const file of stdout.split('\0').filter((name) => name !== '' && existsSync(join(ROOT, name)))) {
    mkdirSync(dirname(join(to, file)), { recursive: true });
    copyFileSync(join(ROOT, file), join(to, file));
  }
}

function copyPackages(to) {
  for (const folder of packageClosure(ROOT, PACKAGES)) {
    if (PACKAGES_LEFT_OUT.test(folder)) continue;
    // Needed packages inside of it have their own entries.
    copyTree(
      join(ROOT, folder),
      join(to, folder),
      (path) => !FILES_LEFT_OUT.test(path) && basename(path) !== 'node_modules',
    );
  }
}

function copyNode(to) {
  copyStripped(process.execPath, join(to, 'node', 'bin', 'node'));
  const headers = nodeHeaderRoot();
  if (!headers) throw new BundleError("Node's headers were not found");
  // Addons do not call OpenSSL, whose headers are the largest part.
  copyTree(
    join(headers, 'include', 'node'),
    join(to, 'node', 'include', 'node'),
    (path) => basename(path) !== 'openssl',
  );
}

function copyLibraries(to) {
  for (const [name, path] of sharedLibraries([process.execPath, ...ADDONS.map((addon) => join(ROOT, addon))])) {
    copyStripped(path, join(to, 'lib', OF_GCC.test(name) ? 'gcc' : '', name));
  }
}

function describeCommit() {
  const { status, stdout } = spawnSync('git', ['describe', '--always', '--dirty'], { cwd: ROOT, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : 'unknown';
}

function stage(to) {
  for (const addon of ADDONS) {
    if (!existsSync(join(ROOT, addon)))
      throw new BundleError(`${addon} is missing. "npm run build" makes it; the second addon needs nvcc`);
    copyStripped(join(ROOT, addon), join(to, addon));
  }
  if (!existsSync(join(ROOT, 'dist', 'index.js')))
    throw new BundleError('dist/ is missing. "npm run build:ts" makes it');
  for (const dist of ['dist', 'packages/bench-gate/dist'])
    copyTree(join(ROOT, dist), join(to, dist), (path) => !FILES_LEFT_OUT.test(path));
  copySources(to);
  copyPackages(to);
  copyNode(to);
  copyLibraries(to);
  copyFileSync(join(ROOT, 'scripts', 'gpu-host', 'run.sh'), join(to, 'run.sh'));
  const platform = `${process.platform}-${process.arch}`;
  writeFileSync(
    join(to, 'bundle.json'),
    `${JSON.stringify({ commit: describeCommit(), node: process.version, platform }, null, 2)}\n`,
  );
}

function bytesBelow(path) {
  if (!statSync(path).isDirectory()) return statSync(path).size;
  return readdirSync(path).reduce((sum, entry) => sum + bytesBelow(join(path, entry)), 0);
}

/** Lists the sizes of paths two folders deep, largest first. */
function largestParts(folder, count = 12) {
  const parts = readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? readdirSync(path).map((entry) => join(path, entry)) : [path];
  });
  return parts
    .map((path) => ({ path, bytes: bytesBelow(path) }))
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, count)
    .map(({ path, bytes }) => `  ${mib(bytes).padStart(6)} MiB  ${relative(folder, path)}`);
}

const mib = (bytes) => (bytes / 2 ** 20).toFixed(1);

function pack(out) {
  if (process.platform !== 'linux')
    throw new BundleError(`Bundles are made on Linux for Linux, this is ${process.platform}`);
  const staged = join(out, NAME);
  const file = join(out, `${NAME}.tar.xz`);
  for (const path of [staged, file]) rmSync(path, { recursive: true, force: true });
  mkdirSync(staged, { recursive: true });
  stage(staged);
  // Gives the same bytes for every user and at any time.
  const order = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'];
  execFileSync(
    'tar',
    ['-C', out, ...order, '--use-compress-program=xz --threads=0 --x86 --lzma2=preset=3,dict=16MiB', '-cf', file, NAME],
    { stdio: 'inherit' },
  );
  const { size } = statSync(file);
  console.log(`${relative(process.cwd(), file)}: ${mib(size)} MiB. Its largest parts, unpacked:`);
  console.log(largestParts(staged).join('\n'));
  rmSync(staged, { recursive: true });
  if (size > LIMIT_MIB * 2 ** 20)
    throw new BundleError(`The bundle is larger than ${LIMIT_MIB} MiB. Leave out some of the parts above.`);
}

try {
  const { values } = parseArgs({ options: { out: { type: 'string', default: join(ROOT, 'build', 'gpu-bundle') } } });
  pack(resolve(values.out));
} catch (error) {
  if (!(error instanceof BundleError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
