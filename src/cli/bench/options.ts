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
  /** Count instructions where Valgrind is installed. */
  count: boolean;
  /** Fail for undecided benchmarks too. */
  strict?: boolean;
  /** How the project calls this command; used in the advice after a failure. */
  command: string;
}
