import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';

import { EngineError } from '../core/errors.js';
import { PACKAGE_FOLDER, requireHere } from '../core/package-files.js';

/** Systems for which npm has a compiled addon: `npm run package` makes the package `univar-SYSTEM`. */
const PACKAGED = ['linux-x64', 'linux-arm64'];

const SYSTEM = `${process.platform}-${process.arch}`;

export interface AddonSearch {
  /** Folder of the package univar. Default: the package that contains this module. */
  folder?: string;
  /** Path of the addon, from `UNIVAR_ADDON`. Replaces the search, for programs whose packaging moves the addon. */
  override?: string | undefined;
  /** Operating system and processor, for example `linux-x64`. Default: those of this process. */
  system?: string;
  /** Loads a file. Default: `require`. */
  open?: (path: string) => unknown;
}

/**
 * Finds and loads the compiled addon:
 *
 * 1. the file in `UNIVAR_ADDON`, and nothing else, if it is set;
 * 2. `build/Release/engine.node`, and nothing else, if it exists. Someone compiled it on purpose, because the npm
 *    package contains none. A package of the same version would hide changes to the sources, so it is not used even if
 *    the compiled addon does not load;
 * 3. the npm package for this system, such as `univar-linux-x64`, in the version of univar.
 *
 * @throws EngineError `ERR_NATIVE_LOAD` saying what was tried, why it failed, and what to do
 */
export function openAddon({
  folder = PACKAGE_FOLDER,
  override,
  system = SYSTEM,
  open = requireHere,
}: AddonSearch = {}): { addon: unknown; path: string } {
  const load = (path: string, fix: string): { addon: unknown; path: string } => {
    try {
      return { addon: open(path), path };
    } catch (cause) {
      throw failure([`${path} does not load: ${reasonOf(cause)}`], fix, cause);
    }
  };
  if (override) return load(resolve(override), 'correct or unset the environment variable UNIVAR_ADDON');

  const compiled = compiledAddon(folder);
  if (existsSync(compiled))
    return load(
      compiled,
      `${compileAdvice(folder)}, which also names missing libraries, or delete the file to use the npm package for ` +
        'this system',
    );
  const tried = isCheckout(folder) ? [`${compiled} is not there, because nothing was compiled`] : [];

  const advice = addonAdvice(folder, system);
  if (!PACKAGED.includes(system))
    throw failure([`npm has a compiled addon for ${PACKAGED.join(', ')}, but none for ${system}`, ...tried], advice);
  const name = `univar-${system}`;
  let manifest: string;
  try {
    manifest = createRequire(join(folder, 'package.json')).resolve(`${name}/package.json`);
  } catch (cause) {
    throw failure([`the npm package ${name} is not installed`, ...tried], advice, cause);
  }
  const version = readVersion(join(folder, 'package.json'));
  const found = readVersion(manifest);
  if (found !== version) {
    const versions = `${name} in ${dirname(manifest)} is version ${found}, but univar is ${version}`;
    throw failure([versions, ...tried], advice);
  }
  return load(
    join(dirname(manifest), 'engine.node'),
    `${advice} if files are damaged or missing; on a system older than the package supports, ${compileAdvice(folder)}`,
  );
}

/**
 * Returns what provides a missing addon: in a checkout, to compile it; otherwise, to install the package for this
 * system if there is one. npm leaves optional packages out after `--omit=optional`, and if the lock file or
 * node_modules comes from another system.
 */
export function addonAdvice(folder = PACKAGE_FOLDER, system = SYSTEM): string {
  if (isCheckout(folder) || existsSync(compiledAddon(folder)) || !PACKAGED.includes(system))
    return compileAdvice(folder);
  const [os, cpu] = system.split('-');
  const version = readVersion(join(folder, 'package.json'));
  return `run "npm install --os=${os} --cpu=${cpu} univar-${system}@${version}"`;
}

/** The npm package contains neither the C++ sources nor the scripts that compile them. */
function compileAdvice(folder: string): string {
  if (isCheckout(folder)) return 'run "npm run build:native"';
  const version = readVersion(join(folder, 'package.json'));
  return (
    `run "npm run build:native" in a checkout of the sources of univar ${version}, and set the environment variable ` +
    'UNIVAR_ADDON to the path of its build/Release/engine.node'
  );
}

function compiledAddon(folder: string): string {
  return join(folder, 'build', 'Release', 'engine.node');
}

/** An installed package has no TypeScript sources. */
function isCheckout(folder: string): boolean {
  return existsSync(join(folder, 'src'));
}

function readVersion(manifest: string): string {
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

/** Returns one line, because the command line and the doctor show only one, without the names of our modules. */
function reasonOf(cause: unknown): string {
  const [reason = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\nRequire stack:');
  return reason.replace(/\s*\n\s*/g, ' ');
}

function failure(tried: readonly string[], fix: string, cause?: unknown): EngineError {
  return new EngineError('ERR_NATIVE_LOAD', `The native addon cannot be loaded: ${tried.join('; ')}`, {
    cause,
    remedies: [{ text: fix }],
  });
}
