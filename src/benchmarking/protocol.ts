/** What the harness and a process that measures say to each other. The process answers every request, in order. */
import type { Counters, Environment } from './benchmark.js';

/** A benchmark as the harness sees it: everything but its code. */
export interface BenchmarkInfo {
  name: string;
  /** Absolute path of the module that defines it. */
  file: string;
  sizes: Record<string, number | string>;
  subject: string;
  version: number;
  threshold: number;
  only: 'run' | 'check' | null;
  env: Record<string, string>;
  work: { unit: string; subject: number; peer: number };
  target: number | null;
  rounds: number;
  peer: string | null;
}

export type ChildRequest =
  /** Which benchmarks a module has. */
  | { type: 'list'; file: string }
  /** Prepares one benchmark of a module, and its peer if asked for, with the build in `root`. */
  | { type: 'prepare'; file: string; name: string; root: string; peer: boolean }
  /** Times that many iterations. */
  | { type: 'sample'; who: 'subject' | 'peer'; iterations: number }
  /** Counters, details and peak memory. */
  | { type: 'finish'; root: string };

export interface Finish {
  counters: Counters | null;
  details: Record<string, unknown>;
  environment: Environment | null;
  /** Most memory that the process ever held in RAM. */
  peakMemoryBytes: number;
}

export type ChildReply =
  | { type: 'listed'; benchmarks: BenchmarkInfo[] }
  /** Seconds of one warm iteration each; the peer's is null without a peer. */
  | { type: 'prepared'; seconds: { subject: number; peer: number | null } }
  | { type: 'sampled'; seconds: number[] }
  | ({ type: 'finished' } & Finish)
  | { type: 'failed'; message: string };
