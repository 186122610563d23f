import { execFileSync } from 'node:child_process';

import { onTestFinished, type TestContext } from 'vitest';

import { temporaryFolder } from './temporary-folder.js';

/** Mounts a file system of this size. Skips the test if this process must not mount one. */
export function smallDisk(context: TestContext, megabytes = 1): string {
  const disk = temporaryFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', disk], { stdio: 'pipe' });
  } catch (error) {
    context.skip(`a small file system cannot be mounted here: ${String(error)}`);
  }
  onTestFinished(() => void execFileSync('umount', [disk]));
  return disk;
}
