import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { mountSmallDisk, unmountDisk } from '../support/small-disk.js';
import type { Disturbance } from './disturbance.js';
import type { Fault } from './fault.js';

const FILLER = 'filler';
const FULL_S = [0.5, 5] as const;

/** A folder on a file system of its own, which can become full. */
export class Disk {
  private constructor(
    readonly folder: string,
    /** Why it cannot become full. */
    readonly reason: string | undefined,
  ) {}

  /** Mounts a small file system. If this process must not, it is an ordinary folder that never becomes full. */
  static async make(folder: string, megabytes: number): Promise<Disk> {
    await mkdir(folder);
    try {
      mountSmallDisk(folder, megabytes);
      return new Disk(folder, undefined);
    } catch (error) {
      return new Disk(folder, `a small file system cannot be mounted here: ${String(error).split('\n')[0]}`);
    }
  }

  faults(target: string, disturbs: Disturbance): Fault[] {
    if (this.reason !== undefined) return [];
    const begin = (): (() => void) => {
      this.#fill();
      return () => rmSync(join(this.folder, FILLER));
    };
    return [{ target, name: 'full', seconds: FULL_S, disturbs, begin }];
  }

  close(): void {
    if (this.reason === undefined) unmountDisk(this.folder);
  }

  #fill(): void {
    const file = openSync(join(this.folder, FILLER), 'w');
    try {
      // Ever smaller pieces, until not a byte is left.
      for (let bytes = 2 ** 20; bytes >= 1; bytes = Math.floor(bytes / 16)) {
        const piece = Buffer.alloc(bytes);
        try {
          while (writeSync(file, piece) > 0);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        }
      }
    } finally {
      closeSync(file);
    }
  }
}
