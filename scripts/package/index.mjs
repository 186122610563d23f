/**
 * Makes the npm packages for publication in out/npm: univar, and univar-linux-x64 with the compiled addon, which
 * univar names as an optional dependency. Libraries and addon are built in a Debian 12 chroot, in ~/.cache/univar or
 * UNIVAR_PACKAGE_CACHE; only what changed is built again.
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

const NAME = 'univar-linux-x64';

function make() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new PackageError(`This makes the package for Linux on x64, and runs only there, not on ${process.platform}.`);
  }
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  const tarballs = [makeAddonPackage(), packUnivar(ROOT, OUT, NAME)];
  for (const path of tarballs) console.log(`${path}  ${(statSync(path).size / 1e6).toFixed(1)} MB`);
}

/** Returns the path of the tarball. */
function makeAddonPackage() {
  const jobs = process.env.JOBS ?? availableParallelism();
  const chroot = join(CACHE, 'debian12');
  makeBuildChroot(chroot);
  copyFileSync(join(import.meta.dirname, 'libraries.sh'), join(chroot, 'libraries.sh'));
  runIn(chroot, 'bash /libraries.sh', { JOBS: String(jobs) });
  const addon = buildAddon(ROOT, chroot, jobs);

  const folder = join(OUT, NAME);
  cpSync(join(ROOT, 'packages', NAME), folder, { recursive: true });
  copyFileSync(addon, join(folder, 'engine.node'));
  copyOpenMp(chroot, folder);
  check(folder);
  return packAddon({ root: ROOT, name: NAME, folder, staticFolder: join(chroot, 'static', 'x64') });
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
  make();
} catch (error) {
  if (!(error instanceof PackageError)) throw error;
  console.error(error.message);
  process.exit(1);
}
