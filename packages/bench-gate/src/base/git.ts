import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { BenchError } from '../errors.js';

const MAX_OUTPUT_BYTES = 2 ** 26;

/**
 * Runs git and returns its output without the last line end.
 *
 * @throws BenchError `ERR_DATA` with git's own message
 */
export async function git(folder: string, args: readonly string[], signal?: AbortSignal): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('git', ['-C', folder, ...args], {
      maxBuffer: MAX_OUTPUT_BYTES,
      signal,
    });
    return stdout.replace(/\n$/, '');
  } catch (cause) {
    const { stderr, message } = cause as Error & { stderr?: string };
    throw new BenchError('ERR_DATA', `git ${args.join(' ')}: ${(stderr || message).trim()}`, { cause });
  }
}

/** Runs {@link git} and returns undefined if it fails. */
export async function tryGit(
  folder: string,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<string | undefined> {
  try {
    return await git(folder, args, signal);
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}
