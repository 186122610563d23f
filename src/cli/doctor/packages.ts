/** Looks for npm packages without loading them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { OPTIONAL_FEATURES } from '../../core/optional-features.js';
import { installCommand } from '../../core/optional-package.js';
import { PACKAGE, requireHere } from '../../core/package-files.js';

/** A feature whose npm packages everyone installs who wants it. */
export interface OptionalPackages {
  purpose: string;
  /** Name and version of each package; null if it is not installed. */
  packages: Record<string, string | null>;
  /** The command that installs those that are missing; null if there are none. */
  install: string | null;
}

/** Returns the version of a package, or null if it is not installed. */
export function installedVersion(name: string): string | null {
  const folders = requireHere.resolve.paths(name) ?? [];
  const manifest = folders.map((folder) => join(folder, name, 'package.json')).find((path) => existsSync(path));
  return manifest === undefined ? null : (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

/** Returns the names of the packages that univar always needs and that are missing. */
export function missingPackages(): string[] {
  return Object.keys(PACKAGE.dependencies).filter((name) => installedVersion(name) === null);
}

export function optionalPackages(): OptionalPackages[] {
  return Object.values(OPTIONAL_FEATURES).map(({ purpose, packages: names }) => {
    const packages = Object.fromEntries(names.map((name) => [name, installedVersion(name)]));
    const missing = names.filter((name) => packages[name] === null);
    return { purpose, packages, install: missing.length > 0 ? installCommand(missing) : null };
  });
}

/** Describes features and their packages, one feature per line. */
export function describeOptional(features: readonly OptionalPackages[]): string[] {
  return features.map(({ purpose, packages, install }) => {
    const present = Object.entries(packages).flatMap(([name, version]) =>
      version === null ? [] : `${name} ${version}`,
    );
    const parts = [
      ...(present.length > 0 ? [present.join(', ')] : []),
      ...(install === null ? [] : [`not installed (${install})`]),
    ];
    return `  ${purpose}: ${parts.join('; ')}`;
  });
}
