import { execFileSync } from 'node:child_process';

import { onTestFinished, type TestContext } from 'vitest';

import { temporaryFolder } from './temporary-folder.js';

/** Mounts a file system of this size. Skips the test if this process must not mount one. */
export function smallDisk(context: TestContext, megabytes = 1): string {
  const disk = temporaryFolder();
  try {
    mountSmallDisk(disk, megabytes);
  } catch (error) {
    context.skip(`a small file system cannot be mounted here: ${String(error)}`);
  }
  onTestFinished(() => unmountDisk(disk));
  return disk;
}

/** Mounts a file system of this size at an empty folder. */
export function mountSmallDisk(folder: string, megabytes: number): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'pipe' });
}

export function unmountDisk(folder: string): void {
  execFileSync('umount', [folder]);
}
