import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';

import { capabilities } from '../../src/native/capabilities.js';

/** What a figure depends on besides the code; stored with every result. */
export interface Machine {
  cpu: string;
  cores: number;
  memoryGiB: number;
  simd: string;
  threads: number;
  node: string;
  libraries: Record<string, string>;
  commit: string;
}

export function describeMachine(): Machine {
  const engine = capabilities();
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    simd: engine.simd,
    threads: engine.threads,
    node: process.versions.node,
    libraries: engine.libraries,
    commit: commit(),
  };
}

function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}
