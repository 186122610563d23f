/** A Debian 12 in a folder, whose old C library lets the addon run on older systems than this one. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const MIRROR = process.env.UNIVAR_DEBIAN_MIRROR ?? 'http://deb.debian.org/debian';

/** Debian 13 gives its sources and, because of Default-Release, only those packages that are asked for from it. */
const FILES = {
  'etc/apt/sources.list.d/trixie.list': `deb ${MIRROR} trixie main\ndeb-src ${MIRROR} trixie main\n`,
  'etc/apt/apt.conf.d/99univar': 'APT::Default-Release "bookworm";\nAPT::Sandbox::User "root";\n',
};
const COMPILERS = ['g++', 'cmake', 'make', 'python3', 'dpkg-dev'];

export class PackageError extends Error {}

/** Runs a program with the priority of background work, and shows its output. */
export function run(command, args, options = {}) {
  const { status, signal, error } = spawnSync('nice', ['-n', '19', command, ...args], { stdio: 'inherit', ...options });
  if (signal === 'SIGINT') process.exit(130);
  if (status !== 0) throw new PackageError(`"${command} ${args.join(' ')}" failed: ${error ?? `exit code ${status}`}`);
}

/**
 * Makes a bare Debian, with these packages, unless the folder exists.
 *
 * @param {string} folder
 * @param {'bookworm' | 'trixie'} release
 * @param {readonly string[]} packages
 */
export function makeChroot(folder, release, packages = []) {
  if (existsSync(folder)) return;
  if (process.getuid?.() !== 0 || spawnSync('debootstrap', ['--version']).error) {
    throw new PackageError(
      'A chroot needs root and debootstrap: run "apt-get install debootstrap", and this command as root. ' +
        'A container must be allowed to make devices: docker run --privileged debian:12',
    );
  }
  const unfinished = `${folder}.part`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  const include = packages.length > 0 ? [`--include=${packages.join(',')}`] : [];
  run('debootstrap', ['--variant=minbase', ...include, release, unfinished, MIRROR]);
  renameSync(unfinished, folder);
}

/**
 * Makes the chroot in which libraries and addon are built for an architecture.
 *
 * @param {{ architecture: string, compilerPackage: string }} target in Debian's names
 */
export function makeBuildChroot(folder, { architecture, compilerPackage }) {
  makeChroot(folder, 'bookworm', COMPILERS);
  for (const [path, content] of Object.entries(FILES)) writeFileSync(join(folder, path), content);
  cpSync('/etc/resolv.conf', join(folder, 'etc/resolv.conf'), { dereference: true });
  runIn(
    folder,
    `dpkg --add-architecture ${architecture} && apt-get update -qq && ` +
      `apt-get install -qq --no-install-recommends ${compilerPackage} >/dev/null`,
    { DEBIAN_FRONTEND: 'noninteractive' },
  );
}

/** Runs a command of bash in a chroot. */
export function runIn(folder, command, env = {}) {
  run('chroot', [folder, 'bash', '-c', command], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', ...env },
  });
}
