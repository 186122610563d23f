/** Messages between the harness and a measuring process. The process answers every request, in order. */
import type { Counters, Environment, Scaling } from '../benchmark.js';
import type { IterationCounts } from '../counting/iterations.js';

/** Description of a benchmark: everything but its code. */
export interface BenchmarkInfo {
  name: string;
  /** Absolute path of the module that defines it. */
  file: string;
  /** What its processes import: the same, or its compiled copy. */
  module: string;
  /** Absolute path of the project that the module belongs to. */
  project: string;
  sizes: Record<string, number | string>;
  subject: string;
  version: number;
  threshold: number;
  only: 'run' | 'check' | null;
  env: Record<string, string>;
  scaling: Required<Scaling> | null;
  work: { unit: string; subject: number; peer: number };
  target: number | null;
  rounds: number;
  peer: string | null;
  startsNode: boolean;
  /** Reason not to count its instructions. */
  notCounted: string | null;
}

export type ChildRequest =
  /** Lists the benchmarks of a module of the project in `root`. */
  | { type: 'list'; module: string; file: string; root: string }
  /**
   * Prepares one benchmark of a module, and its peer on request, with the build in `root`. It takes the place of the
   * last one.
   */
  | { type: 'prepare'; module: string; project: string; name: string; root: string; peer: boolean }
  /** Times the iterations. */
  | { type: 'sample'; who: 'subject' | 'peer'; iterations: number; processorTime: ProcessorTime }
  /** Requests counters, details and peak memory. */
  | { type: 'finish'; root: string }
  /** Prepares a benchmark to be counted, beside others. */
  | { type: 'prepare count'; module: string; project: string; name: string; root: string }
  /** Runs a benchmark that was prepared to be counted. */
  | { type: 'warm up to count'; name: string }
  /**
   * Counts the instructions of a benchmark that was prepared to be counted, and frees it. The process runs under
   * Callgrind, which writes files that begin with `outFile`. `requests` is the addon of counting/client-requests.ts.
   */
  | { type: 'count'; name: string; root: string; requests: string; outFile: string };

/** Of all threads together, or of the thread that had most to do: the others can work at the same time. */
export type ProcessorTime = 'of all threads' | 'of the busiest thread';

/** Times of iterations, in seconds. */
export interface Sample {
  /** By the clock. */
  seconds: number[];
  /**
   * Processor time, which does not grow while other load has the processor. Of all threads, it is one mean if the
   * iterations are too short for its resolution. Empty if the benchmark measures its own time, and for the busiest
   * thread if the system does not tell.
   */
  processorSeconds: number[];
}

export interface Finish {
  counters: Counters | null;
  details: Record<string, unknown>;
  environment: Environment | null;
  /** Peak resident memory of the process. */
  peakMemoryBytes: number;
}

export interface Counted extends IterationCounts {
  /** Variant of the build on the processor that Callgrind simulates. Null if the module of the benchmark names none. */
  variant: string | null;
}

export type ChildReply =
  | { type: 'listed'; benchmarks: BenchmarkInfo[] }
  /** Seconds of one warm iteration of each. Null for the peer if there is none. */
  | { type: 'prepared'; seconds: { subject: number; peer: number | null } }
  | { type: 'prepared count' }
  | { type: 'warmed up to count' }
  | ({ type: 'sampled' } & Sample)
  | ({ type: 'finished' } & Finish)
  | ({ type: 'counted' } & Counted)
  | { type: 'failed'; message: string };
