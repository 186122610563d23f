/** What the entry points import at once, without the modules that they import when these are needed. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { build, type Format } from 'esbuild';
import { describe, expect, it } from 'vitest';

import { OPTIONAL_FEATURES } from '../../src/core/optional-features.js';

const ROOT = join(import.meta.dirname, '..', '..');
const LIBRARY = ['src/index.ts', 'src/generation/index.ts', 'src/pgvector.ts'];
/** `univar --help` loads the modules of all commands. */
const COMMANDS = readdirSync(join(ROOT, 'src', 'cli'))
  .filter((name) => name.endsWith('.ts'))
  .map((name) => `src/cli/${name}`);
const OPTIONAL = Object.values(OPTIONAL_FEATURES).flatMap(({ packages }): readonly string[] => packages);

/** Returns the packages of static imports, each with the first module that imports it. Type imports do not count. */
async function packagesOf(entryPoints: readonly string[], format: Format): Promise<Map<string, string>> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [...entryPoints],
    outdir: 'out',
    bundle: true,
    platform: 'node',
    packages: 'external',
    format,
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const packages = new Map<string, string>();
  const seen = new Set(entryPoints);
  for (const file of seen) {
    for (const { path, kind, external } of metafile.inputs[file]!.imports) {
      if (kind === 'dynamic-import') continue;
      if (!external) seen.add(path);
      else if (!path.startsWith('node:')) packages.set(path, packages.get(path) ?? file);
    }
  }
  return packages;
}

describe('the static imports', () => {
  it.each([
    // A module with a top-level await cannot be loaded by require(), and esbuild refuses it in this format.
    ['the library', LIBRARY, 'cjs'],
    ['the commands', COMMANDS, 'esm'],
  ] as const)('of %s reach no optional package', async (_, entryPoints, format) => {
    const packages = await packagesOf(entryPoints, format);
    expect(packages.size).toBeGreaterThan(0);
    expect(OPTIONAL.flatMap((name) => [...packages].filter(([path]) => `${path}/`.startsWith(`${name}/`)))).toEqual([]);
  });
});
