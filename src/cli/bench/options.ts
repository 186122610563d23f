import type { ReusedOutput } from '../../benchmarking/base-build.js';

export interface BenchOptions {
  bench: string[];
  json?: boolean;
}

export interface BenchRunOptions extends BenchOptions {
  results: string;
  chart?: string;
}

export interface BenchCheckOptions extends BenchOptions {
  base?: string;
  main?: string;
  accepted: string;
  build: string;
  reuse: ReusedOutput[];
  budget: number;
  /** How a person calls this command in the project, for the advice after a failure. */
  command: string;
}
