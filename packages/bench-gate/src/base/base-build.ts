/** Builds a checkout of an older revision and keeps it. */
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import { CACHE } from '../cache-folder.js';
import { BenchError } from '../errors.js';
import { git, tryGit } from './git.js';

/** An output that is not built again if its inputs equal those of the working tree. */
export interface ReusedOutput {
  output: string;
  inputs: readonly string[];
}

export interface BaseBuildOptions {
  /** Root of the project and of its git work tree. */
  root: string;
  commit: string;
  /** Shell command that builds a fresh checkout with installed npm packages. */
  build: string;
  reuse?: readonly ReusedOutput[];
  /** Receives the output of the build. */
  log: (text: string) => void;
  signal?: AbortSignal | undefined;
}

const STAMP = '.bench-built';
const KEPT_BUILDS = 3;

/**
 * Returns the folder with the build of a commit, and builds it if it is missing.
 *
 * @throws BenchError `ERR_BUILD` if the revision does not build, with the end of the build's output
 */
export async function buildBase(options: BaseBuildOptions): Promise<string> {
  const { root, commit, build, log } = options;
  const folder = join(root, CACHE, commit);
  const stamp = join(folder, STAMP);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === build) {
    utimesSync(stamp, new Date(), new Date()); // Recently used builds are removed last.
    return folder;
  }
  log(`Building the base ${commit.slice(0, 10)} in ${folder}`);
  await checkOut(folder, options);
  await installPackages(folder, options);
  for (const reused of options.reuse ?? []) await reuseOutput(folder, reused, options);
  await runShell(build, folder, options);
  writeFileSync(stamp, build);
  await removeOldBuilds(root);
  return folder;
}

async function checkOut(folder: string, { root, commit, signal }: BaseBuildOptions): Promise<void> {
  rmSync(folder, { recursive: true, force: true }); // left by an interrupted build
  mkdirSync(dirname(folder), { recursive: true });
  // Uses --force because git may remember a worktree whose folder is gone (with node_modules, for example).
  await git(root, ['worktree', 'add', '--force', '--detach', folder, commit], signal);
}

/** Links the project's own packages if the lock file is the same; otherwise installs those of the revision. */
async function installPackages(folder: string, options: BaseBuildOptions): Promise<void> {
  const lock = 'package-lock.json';
  const read = (root: string): string | undefined =>
    existsSync(join(root, lock)) ? readFileSync(join(root, lock), 'utf8') : undefined;
  const own = join(options.root, 'node_modules');
  if (read(folder) === read(options.root)) symlinkSync(own, join(folder, 'node_modules'), 'dir');
  else
    await runShell(
      read(folder) === undefined ? 'npm install --ignore-scripts' : 'npm ci --ignore-scripts',
      folder,
      options,
    );
}

async function reuseOutput(
  folder: string,
  { output, inputs }: ReusedOutput,
  { root, commit, signal }: BaseBuildOptions,
): Promise<void> {
  if (!existsSync(join(root, output))) return;
  if ((await tryGit(root, ['diff', '--quiet', commit, '--', ...inputs], signal)) === undefined) return;
  const unknown = await git(root, ['ls-files', '--others', '--exclude-standard', '--', ...inputs], signal);
  if (unknown === '') cpSync(join(root, output), join(folder, output), { recursive: true, preserveTimestamps: true });
}

/** Number of characters of the output to keep for the error message. */
const OUTPUT_TAIL = 4000;

async function runShell(command: string, folder: string, { log, signal }: BaseBuildOptions): Promise<void> {
  let tail = '';
  const child = spawn(command, { cwd: folder, shell: true, stdio: ['ignore', 'pipe', 'pipe'], signal });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-OUTPUT_TAIL);
      log(text.trimEnd());
    });
  }
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (status !== 0)
    throw new BenchError('ERR_BUILD', `"${command}" failed in the base's checkout ${folder}:\n${tail.trimEnd()}`);
}

async function removeOldBuilds(root: string): Promise<void> {
  const cache = join(root, CACHE);
  const age = (name: string): number =>
    existsSync(join(cache, name, STAMP)) ? statSync(join(cache, name, STAMP)).mtimeMs : 0;
  const oldest = readdirSync(cache)
    .filter((name) => /^[0-9a-f]{40}$/.test(name))
    .sort((a, b) => age(b) - age(a))
    .slice(KEPT_BUILDS);
  for (const name of oldest) await tryGit(root, ['worktree', 'remove', '--force', join(cache, name)]);
}
