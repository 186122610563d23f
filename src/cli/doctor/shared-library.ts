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
 * @param advice how to get an addon that loads, for example `run "npm run build:native"`
 * @returns the remedy; undefined for any other reason
 */
export function sharedLibraryFix(reason: string, advice: string): string | undefined {
  const version = TOO_OLD.exec(reason)?.[1];
  if (version !== undefined) return `the addon was built on a newer system, with ${version}: ${advice}`;
  const [, linux, mac] = MISSING.exec(reason) ?? [];
  const file = linux ?? mac?.split('/').at(-1);
  if (file === undefined) return undefined;
  const known = LIBRARIES.find((library) => file.startsWith(library.file));
  if (!known) return `install the package that has ${file}, or ${advice}`;
  const install = mac === undefined ? `Debian, Ubuntu: sudo apt-get install ${known.debian}` : 'install it with brew';
  return `${file} belongs to ${known.name}. ${install}; if that brings another version of it, ${advice}`;
}
