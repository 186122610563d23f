/** Finds Valgrind and says how to run Node under its tool Callgrind. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export type Valgrind = { version: string } | { missing: string };

/** Says what to install where instructions cannot be counted. */
const INSTALL = 'install it (Debian and Ubuntu: apt-get install valgrind gcc) or pass --no-count';

/** Looks for `valgrind` on the path. */
export async function findValgrind(): Promise<Valgrind> {
  if (process.platform !== 'linux')
    return { missing: `Callgrind counts Node on Linux only, not on ${process.platform}` };
  try {
    const { stdout } = await promisify(execFile)('valgrind', ['--version']);
    return { version: stdout.trim().replace(/^valgrind-/, '') };
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return { missing: absent ? `valgrind was not found; ${INSTALL}` : `valgrind does not run: ${String(error)}` };
  }
}

/** A command that runs a Node script: the program and what comes before the script. */
export interface Launcher {
  command: string;
  args: readonly string[];
}

/** One thread everywhere, because Callgrind would count how long the threads of a team wait for each other. */
export const STEADY_THREADS = { OMP_NUM_THREADS: '1', UV_THREADPOOL_SIZE: '1' };

/**
 * Returns the command that runs a program under Callgrind.
 *
 * @param outFile prefix of the files that Callgrind writes
 */
export function underCallgrind(outFile: string): Launcher {
  return {
    command: 'valgrind',
    args: [
      '--tool=callgrind',
      '--quiet',
      '--vgdb=no', // needs files in /tmp
      // Between the client requests only: start-up would take ten times as long.
      '--instr-atstart=no',
      `--callgrind-out-file=${outFile}`,
    ],
  };
}
