/**
 * Starts modules of ours in processes and threads of their own. If the sources run, they are TypeScript, and the new
 * process or thread needs its own loader. Bundles contain none of them, so their files come from the package.
 */
import { type ChildProcess, type ForkOptions, fork } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';

import { moduleFile, requireHere } from './package-files.js';

/**
 * Starts a child process. It gets none of the parent's flags for Node.
 *
 * @param path path of the module in src/ or dist/, without extension
 */
export function forkModule(path: string, { execArgv = [], ...options }: ForkOptions): ChildProcess {
  const file = moduleFile(path);
  const loader = isTypeScript(file) ? ['--import', tsxUrl().href] : [];
  return fork(file, { execArgv: [...execArgv, ...loader], ...options });
}

/**
 * Starts a thread.
 *
 * @param path path of the module in src/ or dist/, without extension
 */
export function startWorker(path: string, options: Omit<WorkerOptions, 'eval'>): Worker {
  const url = pathToFileURL(moduleFile(path));
  if (!isTypeScript(url.href)) return new Worker(url, options);
  // Threads of Node 20 ignore --import, so the worker registers the loader itself.
  const loader = new URL('./esm/api/index.mjs', tsxUrl()).href;
  const code = `import('${loader}').then(({ register }) => { register(); return import('${url.href}'); })`;
  return new Worker(code, { ...options, eval: true });
}

function isTypeScript(file: string): boolean {
  return file.endsWith('.ts');
}

function tsxUrl(): URL {
  return pathToFileURL(requireHere.resolve('tsx'));
}
