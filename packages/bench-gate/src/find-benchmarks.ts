import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';

import { BenchError } from './errors.js';
import { listBenchmarks } from './process/list-benchmarks.js';
import type { BenchmarkInfo } from './process/protocol.js';
import { kindOfSuite } from './suites/kinds.js';

const MODULE = /\.([cm]?ts|[cm]?js)$/;

/**
 * Matches modules that export benchmarks. Only these are imported, because importing other files could start programs,
 * and an older revision can have a program where this one has definitions.
 */
const EXPORTS_BENCHMARKS = /^\s*export\b[^;'"]*\bbenchmarks\b/m;

/**
 * Finds modules with benchmarks in `paths`, which are files or folders (searched recursively), in alphabetical order.
 */
export function findBenchmarkFiles(root: string, paths: readonly string[]): string[] {
  return modulesIn(root, paths).filter((file) => {
    const source = readFileSync(file, 'utf8');
    return EXPORTS_BENCHMARKS.test(source) || kindOfSuite(source) !== undefined;
  });
}

/** Finds all modules in `paths`. */
export function modulesIn(root: string, paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    const absolute = resolve(root, path);
    if (!existsSync(absolute))
      throw new BenchError('ERR_DATA', `The folder or file of benchmarks ${absolute} does not exist`);
    return [...modulesBelow(absolute)];
  });
}

function* modulesBelow(path: string): Generator<string> {
  if (statSync(path).isDirectory()) {
    for (const entry of readdirSync(path).sort()) if (entry !== 'node_modules') yield* modulesBelow(join(path, entry));
  } else if (MODULE.test(path)) {
    yield path;
  }
}

export interface BenchmarkSelection {
  /** Files or folders, relative to the root. */
  paths: readonly string[];
  /** Names of benchmarks, prefixes of names up to a slash, or names of files. Empty for all. */
  names: readonly string[];
  purpose: 'run' | 'check';
}

/**
 * Selects the benchmarks of a command.
 *
 * @throws BenchError `ERR_DATA` if a module does not load or two benchmarks share a name, `ERR_ARG_RANGE` for a name
 *   that matches none
 */
export async function selectBenchmarks(
  root: string,
  { paths, names, purpose }: BenchmarkSelection,
  signal?: AbortSignal,
): Promise<BenchmarkInfo[]> {
  const all: BenchmarkInfo[] = [];
  for (const file of findBenchmarkFiles(root, paths)) {
    for (const benchmark of await listBenchmarks(file, root, signal)) {
      if (all.some(({ name }) => name === benchmark.name))
        throw new BenchError('ERR_DATA', `${file}: the name ${benchmark.name} is already used`);
      all.push(benchmark);
    }
  }
  // Otherwise, a mistyped folder would pass every check.
  if (all.length === 0) throw new BenchError('ERR_DATA', `No module in ${paths.join(', ')} exports "benchmarks"`);
  const usable = all.filter(({ only }) => only === null || only === purpose);
  const fits = (benchmark: BenchmarkInfo, name: string): boolean =>
    benchmark.name === name ||
    benchmark.name.startsWith(`${name}/`) ||
    basename(benchmark.file, extname(benchmark.file)) === name;
  const unknown = names.filter((name) => !usable.some((benchmark) => fits(benchmark, name)));
  if (unknown.length > 0) {
    throw new BenchError(
      'ERR_ARG_RANGE',
      `No benchmark to ${purpose} is named ${unknown.join(', ')}. ` +
        `Available: ${usable.map(({ name }) => name).join(', ') || 'none'}`,
    );
  }
  return names.length === 0 ? usable : usable.filter((benchmark) => names.some((name) => fits(benchmark, name)));
}
