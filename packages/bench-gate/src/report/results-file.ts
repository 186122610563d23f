/** Committed figures: one file per module of benchmarks and kind of machine. */

import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { tryGit } from '../base/git.js';
import type { Environment } from '../benchmark.js';
import type { ComparisonResult } from '../timing/compare-with-peer.js';
import { replaceFile } from './write-file.js';

/** Conditions besides the code that affect a figure. */
export interface Machine {
  cpu: string;
  cores: number;
  memoryGiB: number;
  /** Kind of machine, as defined by the project; the architecture by default. */
  variant: string;
  node: string;
  commit: string;
  [fact: string]: unknown;
}

export interface ResultsFile {
  command: string;
  machine: Machine;
  results: ComparisonResult[];
}

export async function describeMachine(root: string, environment: Environment | null): Promise<Machine> {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    ...(environment ?? { variant: process.arch }),
    node: process.versions.node,
    commit: (await tryGit(root, ['describe', '--always', '--dirty'])) ?? 'unknown',
  };
}

/** Writes NAME-VARIANT.json into the folder, which is created if it is missing, and returns its path. */
export async function writeResults(folder: string, name: string, file: ResultsFile): Promise<string> {
  const path = join(folder, `${name}-${file.machine.variant}.json`);
  await replaceFile(path, `${JSON.stringify(file, null, 2)}\n`);
  return path;
}
