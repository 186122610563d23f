import { execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';

/** glibc, which must be that of the host. */
const OF_GLIBC = /^(linux-vdso|ld-linux.*|libc|libm|libdl|libpthread|librt)\.so/;

/**
 * Lists the shared libraries that programs load, without glibc, by the names that they load.
 *
 * @param {readonly string[]} programs paths of programs or libraries
 * @returns {Map<string, string>} path of the file by name, such as `libgomp.so.1`
 */
export function sharedLibraries(programs) {
  const libraries = new Map();
  for (const line of execFileSync('ldd', programs, { encoding: 'utf8' }).split('\n')) {
    const [, name, path] = /^\s+(\S+) => (.+?)(?: \(0x[0-9a-f]+\))?$/.exec(line) ?? [];
    if (name === undefined || OF_GLIBC.test(name)) continue;
    if (path === 'not found') throw new Error(`The shared library ${name} is not installed`);
    libraries.set(name, realpathSync(path));
  }
  return libraries;
}
