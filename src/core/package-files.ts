/** Finds what comes with univar at run time: files, and modules that run in threads and processes of their own. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { EngineError } from './errors.js';

interface Manifest {
  name: string;
  version: string;
  dependencies: Readonly<Record<string, string>>;
  peerDependencies: Readonly<Record<string, string>>;
}

/** Undefined in a bundle in CommonJS format. */
const here = (import.meta as { url?: string }).url;

/** Finds packages as an import in this module does. In a bundle, it starts at the bundle. */
export const requireHere = createRequire(here ?? resolve(process.argv[1] ?? 'script'));

const found = findPackage();

/** Folder of this package. */
export const PACKAGE_FOLDER: string = found.folder;

/** The package.json of this package. */
export const PACKAGE: Manifest = found.manifest;

/** Whether the sources run, which tests and benchmarks do, and not the compiled modules. */
const FROM_SOURCES = here?.endsWith('/src/core/package-files.ts') ?? false;

/** Returns the path of a file or a folder in this package, such as `models/univar-base`. */
export function packageFile(path: string): string {
  return join(PACKAGE_FOLDER, path);
}

/**
 * Returns the path of one of our modules, such as `encoder/runners/onnx-child`: compiled in dist/, or TypeScript in
 * src/ if the sources run.
 */
export function moduleFile(path: string): string {
  return packageFile(FROM_SOURCES ? `src/${path}.ts` : `dist/${path}.js`);
}

/**
 * Finds the package in `UNIVAR_HOME`, or around this module, or from a bundle that contains this module: as an
 * installed package.
 */
function findPackage(): { folder: string; manifest: Manifest } {
  const home = process.env['UNIVAR_HOME'];
  const candidates = home ? [home] : [...around(), ...installed()];
  for (const folder of candidates) {
    const manifest = readManifest(folder);
    if (manifest?.name === 'univar') return { folder: resolve(folder), manifest };
  }
  throw new EngineError(
    'ERR_NATIVE_LOAD',
    home
      ? `Expected the folder of the npm package univar for "UNIVAR_HOME", got ${home}`
      : 'This is a bundle that contains univar, and univar needs files of its npm package. Set the environment ' +
          'variable UNIVAR_HOME to the folder of the package, or leave univar out of the bundle (external)',
  );
}

/** This module is in src/core or dist/core. */
function around(): string[] {
  return here?.startsWith('file:') ? [fileURLToPath(new URL('../..', here))] : [];
}

function installed(): string[] {
  return (requireHere.resolve.paths('univar') ?? []).map((folder) => join(folder, 'univar'));
}

function readManifest(folder: string): Manifest | undefined {
  const path = join(folder, 'package.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Manifest) : undefined;
}
