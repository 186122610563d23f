/** Lists the benchmarks of modules. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { CACHE } from '../cache-folder.js';
import { kindOfSuite } from '../suites/kinds.js';
import { BenchmarkProcess } from './child-process.js';
import type { BenchmarkInfo } from './protocol.js';
import { compileModule, isTypeScript } from './typescript.js';

/**
 * Lists the benchmarks that a module defines.
 *
 * @param root folder of the project
 * @throws BenchError `ERR_DATA` if the module does not load
 */
export async function listBenchmarks(file: string, root: string, signal?: AbortSignal): Promise<BenchmarkInfo[]> {
  const module = await compiled(file, root);
  if (module === undefined) return list(file, file, root, signal);
  // What esbuild compiles may still need tsx: JavaScript that imports TypeScript, for example.
  try {
    return await list(module, file, root, signal);
  } catch {
    signal?.throwIfAborted();
    return list(file, file, root, signal);
  }
}

async function list(module: string, file: string, root: string, signal?: AbortSignal): Promise<BenchmarkInfo[]> {
  const process = new BenchmarkProcess(module, { source: file, signal });
  try {
    return (await process.ask({ type: 'list', module, file, root }, 'listed')).benchmarks;
  } finally {
    await process.stop();
  }
}

/** Suites of other libraries get stand-ins for these when they are loaded, so they are not compiled. */
async function compiled(file: string, root: string): Promise<string | undefined> {
  if (!isTypeScript(file) || kindOfSuite(await readFile(file, 'utf8')) !== undefined) return undefined;
  return compileModule(file, join(root, CACHE, 'modules'));
}
