import { type ChildProcess, type ForkOptions, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * Starts a child process whose module is in the folder of the calling module: compiled in dist/, or TypeScript in src/,
 * which tests and benchmarks use. The child gets none of the parent's flags for Node.
 *
 * @param name name of the module, without extension
 * @param user `import.meta.url` of the calling module
 */
export function forkBeside(name: string, user: string, { execArgv = [], ...options }: ForkOptions): ChildProcess {
  const typescript = user.endsWith('.ts');
  const loader = (): string => pathToFileURL(createRequire(user).resolve('tsx')).href;
  const entry = fileURLToPath(new URL(`./${name}.${typescript ? 'ts' : 'js'}`, user));
  return fork(entry, { execArgv: typescript ? [...execArgv, '--import', loader()] : execArgv, ...options });
}
