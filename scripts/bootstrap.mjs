/**
 * Makes a fresh clone ready to run: system packages, npm packages, native addon, TypeScript. Skips every step whose
 * result is up to date, so a second run takes well under a second. Uses only Node's own modules, because it runs before
 * anything is installed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { buildCuda } from './build-cuda.mjs';
import { hashOf, stampMatches, writeStamp } from './stamps.mjs';
import { checkSystem, installAdvice, installByApt } from './system-packages.mjs';

// Not import.meta.dirname, which old versions of Node lack: they must reach the check of Node's version.
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const ADDON = join(ROOT, 'build', 'Release', 'engine.node');

class SetupError extends Error {}

/** Runs a program in the repository and returns its output. */
function run(command, args, whenItFails) {
  // Otherwise onnxruntime-node would download CUDA libraries if its install script is run by hand later.
  const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' };
  const result = spawnSync(command, args, {
    cwd: ROOT,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
  });
  if (result.signal === 'SIGINT') process.exit(130);
  const output = (result.stdout ?? '') + (result.stderr ?? '');
  if (result.status !== 0) throw new SetupError(`${output.trimEnd()}\n${whenItFails(output, result)}`);
  return output;
}

function npm(args, whenItFails) {
  const script = process.env.npm_execpath; // set when npm started us
  return script?.endsWith('.js')
    ? run(process.execPath, [script, ...args], whenItFails)
    : run('npm', args, whenItFails);
}

/** Checks whether the addon was built from these sources, and loads: its shared libraries may have been removed. */
function addonIsReady(stamp, hash) {
  return (
    existsSync(ADDON) &&
    stampMatches(stamp, hash) &&
    spawnSync(process.execPath, ['-e', 'require(process.argv[1])', ADDON], { stdio: 'ignore' }).status === 0
  );
}

function systemPackages() {
  let { missing, warning } = checkSystem();
  let state = 'present';
  if (missing.length > 0) {
    // What is there but too old would stay so.
    if (missing.some(({ found }) => found !== undefined)) throw new SetupError(installAdvice(missing));
    const { installed, output } = installByApt(missing);
    if (output) throw new SetupError(`${output.trimEnd()}\n${installAdvice(missing)}`);
    if (installed) ({ missing, warning } = checkSystem());
    if (missing.length > 0) throw new SetupError(installAdvice(missing));
    state = 'installed by apt';
  }
  return { state, warning };
}

function npmPackages() {
  const stamp = join(ROOT, 'node_modules', '.univar-stamp');
  const hash = hashOf(ROOT, ['package-lock.json'], [process.platform, process.arch]);
  if (stampMatches(stamp, hash)) return { state: 'present' };
  npm(['ci', '--ignore-scripts', '--no-progress', '--loglevel=error'], (output) =>
    /E(NOTFOUND|AI_AGAIN|CONNREFUSED|TIMEDOUT|NETUNREACH|CONNRESET)|ERR_SOCKET_TIMEOUT/.test(output)
      ? 'The npm registry cannot be reached. Connect to the network, or set a mirror with ' +
        '"npm config set registry URL", and run the same command again.'
      : '"npm ci" failed; the reason is above.',
  );
  writeStamp(stamp, hash);
  return { state: 'installed' };
}

function nativeAddon(stamp, hash) {
  run(
    process.execPath,
    [join(ROOT, 'scripts', 'build-native.mjs'), '--cpu-only'],
    () => 'The native addon did not build; the reason is above.',
  );
  writeStamp(stamp, hash);
  return { state: 'built' };
}

/** Builds the optional CUDA addon. Reports a missing prerequisite in the state, and a failed build as a warning. */
function cudaAddon() {
  const { state, reason, output, error } = buildCuda();
  if (error) throw new SetupError(`${output ?? ''}\n${reason}`);
  const warning =
    state === 'failed'
      ? `${reason}; univar works without it. "npm run build:cuda" prints:\n` +
        output.trimEnd().split('\n').slice(-20).join('\n')
      : undefined;
  return { state: state === 'not built' ? `none: ${reason}` : state, warning };
}

function typeScript() {
  const dist = join(ROOT, 'dist');
  const stamp = join(dist, '.univar-stamp');
  const gate = join('packages', 'bench-gate');
  const hash = hashOf(ROOT, [
    'src',
    join(gate, 'src'),
    join(gate, 'tsconfig.json'),
    'tsconfig.json',
    'tsconfig.build.json',
    'scripts/build-ts.mjs',
    'scripts/bundle-plots.mjs',
    'scripts/licences.mjs',
    'package-lock.json',
  ]);
  if (stampMatches(stamp, hash)) return { state: 'present' };
  // Otherwise outputs of deleted sources would remain.
  for (const folder of [dist, join(ROOT, gate, 'dist')]) rmSync(folder, { recursive: true, force: true });
  run(
    process.execPath,
    [join(ROOT, 'scripts', 'build-ts.mjs')],
    () => 'The TypeScript sources did not compile; the reasons are above.',
  );
  writeStamp(stamp, hash);
  return { state: 'built' };
}

/** Prints one line per step: its name while it runs, then result and duration. */
function step(name, action) {
  const start = Date.now();
  process.stdout.write(`  ${name.padEnd(17)}`);
  const { state, warning } = action();
  process.stdout.write(`${state.padEnd(17)}${((Date.now() - start) / 1000).toFixed(1).padStart(6)} s\n`);
  if (warning) console.warn(`  warning: ${warning}`);
}

function bootstrap() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 17)) {
    throw new SetupError(`Node ${process.versions.node} is too old: univar needs 20.17 or later.`);
  }
  const stamp = join(ROOT, 'build', '.univar-stamp');
  const hash = hashOf(
    ROOT,
    ['binding.gyp', 'native', 'package-lock.json'],
    [process.version, process.platform, process.arch],
  );
  const ready = addonIsReady(stamp, hash);

  // A working addon proves that the system has all libraries.
  step('system packages', () => (ready ? { state: 'present' } : systemPackages()));
  step('npm packages', npmPackages);
  // Checks again, because the packages that were just installed may be all that the addon needed to load.
  step('native addon', () => (ready || addonIsReady(stamp, hash) ? { state: 'present' } : nativeAddon(stamp, hash)));
  step('CUDA addon', cudaAddon);
  step('TypeScript', typeScript);
}

try {
  bootstrap();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stdout.write('failed\n');
  console.error(error.message);
  process.exit(1);
}
