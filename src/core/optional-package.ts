import { EngineError } from './errors.js';
import type { OptionalFeature } from './optional-features.js';
import { PACKAGE, requireHere } from './package-files.js';

/** Settings without which a package downloads, when it is installed, what univar does not use. */
const SETTINGS: Readonly<Record<string, string>> = { 'onnxruntime-node': 'ONNXRUNTIME_NODE_INSTALL=skip ' };

/**
 * Imports the npm packages of a feature when it is first used.
 *
 * @example
 *   const { createCanvas } = await importOptional(OPTIONAL_FEATURES.png, () => import('@napi-rs/canvas'));
 *
 * @param load imports one of the packages, or a module of ours that imports them
 * @throws EngineError `ERR_NATIVE_LOAD`. If packages are missing, one line says what to install. Otherwise the message
 *   is the reason why they do not load, and `cause` is the error
 */
export async function importOptional<T>({ purpose, packages }: OptionalFeature, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const absent = packages.filter(isAbsent);
    if (absent.length > 0)
      throw new EngineError(
        'ERR_NATIVE_LOAD',
        `${purpose} needs the npm ${quote(absent)}: run ${installCommand(absent)}`,
      );
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError(
      'ERR_NATIVE_LOAD',
      `The npm ${quote(packages)} ${packages.length === 1 ? 'does' : 'do'} not load: ${reason}`,
      { cause },
    );
  }
}

/** Returns the command that installs packages, in versions that univar supports: newer ones may need another Node. */
export function installCommand(packages: readonly string[]): string {
  const settings = packages.map((name) => SETTINGS[name] ?? '').join('');
  const versioned = packages.map((name) => {
    // Semver: the first number of ^1.2.3 and the first two of ^0.2.3 do not change.
    const version = /^\^(0\.\d+|\d+)/.exec(PACKAGE.peerDependencies[name] ?? '')?.[1];
    return version === undefined ? name : `${name}@${version}`;
  });
  return `${settings}npm install ${versioned.join(' ')}`;
}

/** Formats `package "a"`, `packages "a" and "b"`. */
function quote(names: readonly string[]): string {
  const quoted = names.map((name) => `"${name}"`);
  return names.length === 1
    ? `package ${quoted[0]!}`
    : `packages ${quoted.slice(0, -1).join(', ')} and ${quoted.at(-1)!}`;
}

/**
 * Returns whether a package is missing. The failed import does not say: a package that lacks one of its own
 * dependencies fails with the same code.
 */
export function isAbsent(name: string): boolean {
  try {
    requireHere.resolve(name);
    return false;
  } catch (error) {
    // Any other code, such as ERR_PACKAGE_PATH_NOT_EXPORTED, means that the package is installed.
    return error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND';
  }
}
