/**
 * Makes the npm packages for publication in out/npm: univar, and univar-linux-x64 with the compiled addon, which
 * univar names as an optional dependency. Libraries and addon are built in a Debian 12 chroot, in ~/.cache/univar or
 * UNIVAR_PACKAGE_CACHE; only what changed is built again. "npm run package -- x64 arm64" also makes univar-linux-arm64.
 */
import { copyFileSync, cpSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, homedir } from 'node:os';
import { join, resolve } from 'node:path';

import { buildAddon, copyOpenMp } from './addon.mjs';
import { makeBuildChroot, PackageError, runIn } from './chroot.mjs';
import { inspect, obstacles } from './inspect.mjs';
import { packAddon, packUnivar } from './tarballs.mjs';

const ROOT = resolve(import.meta.dirname, '..', '..');
const CACHE = resolve(process.env.UNIVAR_PACKAGE_CACHE ?? join(homedir(), '.cache', 'univar'));
const OUT = join(ROOT, 'out', 'npm');

/** What packages are made for. */
const TARGETS = [
  { arch: 'x64', architecture: 'amd64', compiler: 'g++', compilerPackage: 'g++' },
  {
    arch: 'arm64',
    architecture: 'arm64',
    compiler: 'aarch64-linux-gnu-g++',
    compilerPackage: 'g++-aarch64-linux-gnu',
  },
];

function make(arches) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new PackageError(
      `This makes packages for Linux, on Linux on x64, not on ${process.platform} ${process.arch}.`,
    );
  }
  const targets = arches.map((name) => {
    const target = TARGETS.find(({ arch }) => arch === name);
    if (!target) throw new PackageError(`"${name}" is not one of ${TARGETS.map(({ arch }) => arch).join(', ')}`);
    return target;
  });
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  const tarballs = [...targets.map(makeAddonPackage), packUnivar(ROOT, OUT, ...targets.map(nameOf))];
  for (const path of tarballs) console.log(`${path}  ${(statSync(path).size / 1e6).toFixed(1)} MB`);
}

function nameOf({ arch }) {
  return `univar-linux-${arch}`;
}

/** Returns the path of the tarball. */
function makeAddonPackage(target) {
  const jobs = process.env.JOBS ?? availableParallelism();
  const chroot = join(CACHE, 'debian12');
  makeBuildChroot(chroot, target);
  copyFileSync(join(import.meta.dirname, 'libraries.sh'), join(chroot, 'libraries.sh'));
  runIn(chroot, 'bash /libraries.sh', { JOBS: String(jobs), ARCH: target.arch });
  const addon = buildAddon(ROOT, chroot, target, jobs);

  const name = nameOf(target);
  const folder = join(OUT, name);
  cpSync(join(ROOT, 'packages', name), folder, { recursive: true });
  copyFileSync(addon, join(folder, 'engine.node'));
  copyOpenMp(chroot, target, folder);
  check(folder);
  return packAddon({ root: ROOT, name, folder, staticFolder: join(chroot, 'static', target.arch) });
}

/** Reports what the files need, and fails if a supported system lacks it. */
function check(folder) {
  for (const [name, beside] of [
    ['engine.node', ['libgomp.so.1']],
    ['libgomp.so.1', []],
  ]) {
    const facts = inspect(join(folder, name));
    const versions = Object.entries(facts.versions).map((entry) => entry.join(' '));
    const size = (statSync(join(folder, name)).size / 1e6).toFixed(1);
    console.log(`${name}  ${size} MB, needs ${facts.needed.join(', ')}; ${versions.join(', ')}`);
    const problems = obstacles(facts, beside);
    if (problems.length > 0) throw new PackageError(`${name} would not load everywhere: ${problems.join('; ')}`);
  }
}

try {
  const arches = process.argv.slice(2);
  make(arches.length > 0 ? arches : ['x64']);
} catch (error) {
  if (!(error instanceof PackageError)) throw error;
  console.error(error.message);
  process.exit(1);
}
