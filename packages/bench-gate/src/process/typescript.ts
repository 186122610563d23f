/**
 * Runs benchmarks that are written in TypeScript. A check starts about a hundred processes. With tsx, each would take a
 * second longer to start, and eight under Callgrind, so modules are compiled once, by the esbuild of tsx.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

import { BenchError } from '../errors.js';

const TYPESCRIPT = /\.[cm]?tsx?$/;

export function isTypeScript(file: string): boolean {
  return TYPESCRIPT.test(file);
}

/**
 * Returns the module of the project's tsx, or else of our own.
 *
 * @throws BenchError `ERR_DEVICE_UNAVAILABLE` if it is not installed
 */
export function tsxModule(file: string): string {
  for (const from of [file, import.meta.url]) {
    try {
      return pathToFileURL(createRequire(from).resolve('tsx')).href;
    } catch {
      // Try the next one.
    }
  }
  throw new BenchError(
    'ERR_DEVICE_UNAVAILABLE',
    `${file} is TypeScript, which needs the npm package tsx. Install it in the project: npm install --save-dev tsx`,
  );
}

/** Lets this process import TypeScript, if it was started without tsx. */
export async function loadTypeScript(file: string): Promise<void> {
  const tsx = tsxModule(file);
  if (!process.execArgv.includes(tsx)) await import(tsx);
}

/**
 * Compiles a module, with all TypeScript that it imports, to one file. Packages and JavaScript stay where they are.
 *
 * @param folder is created if it is missing
 * @returns the path of the compiled file, or undefined if esbuild is missing or refuses the module
 */
export async function compileModule(file: string, folder: string): Promise<string | undefined> {
  try {
    const { build } = createRequire(tsxModule(file))('esbuild') as Esbuild;
    const { outputFiles } = await build({
      entryPoints: [file],
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      target: `node${process.versions.node}`,
      logLevel: 'silent',
      plugins: [keepPlaces],
    });
    const text = outputFiles[0]!.text;
    const path = join(folder, `${createHash('sha256').update(text).digest('hex').slice(0, 32)}.mjs`);
    if (existsSync(path)) return path;
    await mkdir(folder, { recursive: true });
    await writeFile(`${path}.${process.pid}`, text);
    await rename(`${path}.${process.pid}`, path); // A concurrent check sees all of it or nothing.
    return path;
  } catch {
    return undefined; // tsx may run it, or says what is wrong.
  }
}

/** The part of esbuild that is needed here: the package depends on nothing, so it has no types of others. */
interface Esbuild {
  build: (options: object) => Promise<{ outputFiles: { text: string }[] }>;
}

interface Import {
  path: string;
  kind: string;
  importer: string;
  resolveDir: string;
  pluginData?: unknown;
}

interface Resolution {
  path: string;
  external: boolean;
  errors: unknown[];
}

interface PluginBuild {
  resolve(path: string, options: Omit<Import, 'path'>): Promise<Resolution>;
  onResolve(options: { filter: RegExp }, answer: (args: Import) => Promise<Partial<Resolution> | undefined>): void;
  onLoad(options: { filter: RegExp }, answer: (args: { path: string }) => Promise<object>): void;
}

/** Addresses by which a module finds the files beside it. */
const PLACE = /\bimport\.meta\.(url|dirname|filename)\b/g;

/** What only CommonJS has, unless a module makes it itself with import.meta. */
const COMMONJS = /\b__(dirname|filename)\b|\brequire\(/;

/** Keeps the addresses of a module and of what it imports, although the compiled file is in another folder. */
const keepPlaces = {
  name: 'keep-places',
  setup(build: PluginBuild): void {
    build.onResolve({ filter: /.*/ }, (args) => resolveImport(args, build));
    build.onLoad({ filter: TYPESCRIPT }, loadSource);
  },
};

async function resolveImport(
  { path, kind, importer, resolveDir, pluginData }: Import,
  build: PluginBuild,
): Promise<Partial<Resolution> | undefined> {
  if (kind === 'entry-point' || pluginData === keepPlaces) return undefined;
  const found = await build.resolve(path, { kind, importer, resolveDir, pluginData: keepPlaces });
  if (found.errors.length > 0 || found.external) return found;
  const isOwn = isTypeScript(found.path) && !found.path.includes(`${sep}node_modules${sep}`);
  if (isOwn || kind === 'require-call') return found;
  return { path: pathToFileURL(found.path).href, external: true };
}

async function loadSource({ path }: { path: string }): Promise<object> {
  const places = { url: pathToFileURL(path).href, dirname: dirname(path), filename: path };
  const source = await readFile(path, 'utf8');
  if (COMMONJS.test(source) && !source.includes('import.meta')) throw new Error(`${path} is CommonJS`);
  return {
    contents: source.replace(PLACE, (_, name: keyof typeof places) => JSON.stringify(places[name])),
    loader: path.endsWith('x') ? 'tsx' : 'ts',
    resolveDir: dirname(path),
  };
}
