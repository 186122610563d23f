/** What a shared library asks of the system that loads it. */
import { execFileSync } from 'node:child_process';

/** Debian 12, Ubuntu 22.04 and RHEL 9 have this or a newer version. */
export const MAX_GLIBC = '2.34';

/** Libraries of every glibc system, and those of the C++ compiler, which Node needs too. */
const OF_THE_SYSTEM =
  /^(ld-linux-x86-64|ld-linux-aarch64|libc|libm|libdl|libpthread|librt|libstdc\+\+|libgcc_s)\.so\.\d+$/;

const read = (program, ...args) => execFileSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 });

/**
 * @returns {{ needed: string[], runPath: string, versions: Record<string, string>, executableStack: boolean,
 *   unresolved: string[] }} `unresolved`: symbols that no library has, except those of Node-API
 */
export function inspect(file) {
  const dynamic = read('readelf', '--wide', '--dynamic', file);
  const versions = {};
  for (const [, name, version] of read('readelf', '--wide', '--version-info', file).matchAll(/(\w+)_(\d[\d.]*)/g)) {
    if (versions[name] === undefined || compareVersions(version, versions[name]) > 0) versions[name] = version;
  }
  return {
    needed: [...dynamic.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name]) => name),
    runPath: /\((?:RUNPATH|RPATH)\).*\[(.+)\]/.exec(dynamic)?.[1] ?? '',
    versions,
    // "name@version" comes from a library, and a weak symbol may be absent.
    unresolved: [
      ...read('readelf', '--wide', '--dyn-syms', file).matchAll(/ GLOBAL +\S+ +UND (?!napi_)([^@\s]+)$/gm),
    ].map(([, name]) => name),
    executableStack: /GNU_STACK.* RWE /.test(read('readelf', '--wide', '--segments', file)),
  };
}

/**
 * Lists what would keep a library from loading on a supported system.
 *
 * @param {ReturnType<typeof inspect>} facts
 * @param {readonly string[]} beside names of libraries in the same folder
 */
export function obstacles({ needed, runPath, versions, executableStack, unresolved }, beside = []) {
  const problems = [];
  if (compareVersions(versions.GLIBC ?? '0', MAX_GLIBC) > 0)
    problems.push(`it needs glibc ${versions.GLIBC}, newer than ${MAX_GLIBC}`);
  for (const name of needed) {
    if (!OF_THE_SYSTEM.test(name) && !beside.includes(name))
      problems.push(`it needs ${name}, which is not in the package`);
  }
  if (beside.some((name) => needed.includes(name)) && runPath !== '$ORIGIN')
    problems.push(`it looks for libraries in "${runPath}", not beside itself`);
  if (unresolved.length > 0) problems.push(`no library has ${unresolved.join(', ')}`);
  if (executableStack) problems.push('it asks for an executable stack, which glibc 2.41 refuses');
  return problems;
}

function compareVersions(a, b) {
  const [x, y] = [a, b].map((version) => version.split('.').map(Number));
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const difference = (x[i] ?? 0) - (y[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
