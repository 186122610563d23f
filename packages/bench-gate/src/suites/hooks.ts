/**
 * Hooks of Node's module loader, which run in a thread of their own: a suite gets a stand-in for its library, and the
 * modules that it imports from its project come from the build under test.
 */
import { existsSync } from 'node:fs';
import type { InitializeHook, ResolveHook } from 'node:module';
import { join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export interface HookData {
  /** Addresses of the stand-ins by the names of the libraries. */
  standIns: Readonly<Record<string, string>>;
  /** Folders of the suite's project and of the build under test. */
  project: string;
  revision: string;
}

/** Marks the import of a suite, which stays the one of the working tree. */
export const SUITE = 'bench-gate';

let data: HookData;

export const initialize: InitializeHook<HookData> = (given) => {
  data = given;
};

export const resolve: ResolveHook = async (specifier, context, nextResolve) => {
  const standIn = data.standIns[specifier];
  if (standIn !== undefined) return { url: standIn, shortCircuit: true };
  const result = await nextResolve(specifier, context);
  const moved = inRevision(result.url);
  return moved === undefined ? result : { ...result, url: moved };
};

/** Returns the address of the same module in the build under test, if it belongs to the project. */
function inRevision(url: string): string | undefined {
  if (data.revision === data.project || !url.startsWith('file:')) return undefined;
  const { search, searchParams } = new URL(url);
  if (searchParams.has(SUITE)) return undefined;
  const path = fileURLToPath(url);
  const inside = relative(data.project, path);
  if (inside.startsWith('..') || inside.split(sep).includes('node_modules')) return undefined;
  const moved = join(data.revision, inside);
  return existsSync(moved) ? `${pathToFileURL(moved).href}${search}` : undefined;
}
