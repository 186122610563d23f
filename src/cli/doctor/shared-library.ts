/** The shared libraries of the addon, by the start of their file names, and the Debian packages that bring them. */
const LIBRARIES: readonly { file: string; name: string; debian: string }[] = [
  { file: 'libdnnl', name: 'oneDNN', debian: 'libdnnl-dev' },
  { file: 'libfaiss', name: 'FAISS', debian: 'libfaiss-dev' },
  { file: 'libopenblas', name: 'OpenBLAS', debian: 'libopenblas0-openmp' },
  { file: 'libhwy', name: 'Highway', debian: 'libhwy-dev' },
  { file: 'libutf8proc', name: 'utf8proc', debian: 'libutf8proc-dev' },
  { file: 'libgomp', name: "GCC's OpenMP", debian: 'libgomp1' },
  { file: 'libgfortran', name: "GCC's Fortran", debian: 'libgfortran5' },
  { file: 'libstdc++', name: "GCC's C++", debian: 'libstdc++6' },
];

/** What the loaders of Linux and macOS say. */
const MISSING = /([\w+.-]+\.so[\w.]*): cannot open shared object file|Library not loaded: (\S+)/;
const TOO_OLD = /version `([\w.]+)' not found/;

/**
 * Explains why the addon does not load if a shared library is the reason.
 *
 * @param reason what the system's loader says
 * @param build the command that builds the addon
 * @returns the remedy; undefined for any other reason
 */
export function sharedLibraryFix(reason: string, build: string): string | undefined {
  const version = TOO_OLD.exec(reason)?.[1];
  if (version !== undefined) return `the addon was built on a newer system, with ${version}; build it here: ${build}`;
  const [, linux, mac] = MISSING.exec(reason) ?? [];
  const file = linux ?? mac?.split('/').at(-1);
  if (file === undefined) return undefined;
  const known = LIBRARIES.find((library) => file.startsWith(library.file));
  if (!known) return `install the package that has ${file}, or build the addon again: ${build}`;
  const install = mac === undefined ? `Debian, Ubuntu: sudo apt-get install ${known.debian}` : 'install it with brew';
  const otherwise = `if that brings another version of it, build the addon again: ${build}`;
  return `${file} belongs to ${known.name}. ${install}; ${otherwise}`;
}
