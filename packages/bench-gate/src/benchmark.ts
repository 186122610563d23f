/** Types of the exports of a file of benchmarks. The harness knows nothing else about the project that it measures. */

/** One build of the project: a folder with its compiled code. */
export interface Revision {
  /** Absolute path of the folder. */
  root: string;
  /**
   * Imports a module of this build, for example `dist/index.js`. Do not import the code under test in any other way.
   */
  import<T>(path: string): Promise<T>;
}

/** Amounts of work by name, for example products. */
export type Counters = Record<string, number>;

/** Code that can be timed. */
export interface Subject {
  /** Runs one iteration. `prepare` must have checked its result. */
  run(): unknown;
  /** `run` measures its own time, to exclude preparation, and resolves to seconds. @default false */
  timesItself?: boolean;
  /** Number of calls in one iteration of `run`, if its figures are those of one call. @default 1 */
  calls?: number;
  /** Returns the exact work of one iteration, the same in every process. Called once, after the timing. */
  counters?(): Counters | Promise<Counters>;
  /** Returns more figures for the results file, for example recall or latencies. Called after the timing. */
  details?(): Record<string, unknown> | Promise<Record<string, unknown>>;
  /** Frees the resources of `prepare`. */
  close?(): unknown;
}

export interface Benchmark {
  /** Operation and its variant, for example `infonce/one-way/f32`; unique in the project. */
  name: string;
  sizes: Record<string, number | string>;
  /** Readable name of the timed code, for example `infoNce`. @default the name */
  subject?: string;
  /**
   * Raise it if the meaning of the time changes. A check then reports the benchmark without a verdict.
   * @default 1
   */
  version?: number;
  /** Maximum slow-down that passes a check, as a share: 0.07 for 7 %. @default 0.07 */
  threshold?: number;
  /**
   * `run`: takes too long for a check. `check`: has sizes for a check, with iterations of 0.5 to 5 ms, because the
   * fastest of several iterations count.
   * @default both
   */
  only?: 'run' | 'check';
  /**
   * An iteration starts Node with `process.execPath`. The instructions of those processes are counted, from their main
   * module on, and not those of the benchmark's own process. Node's start is the same in both builds. @default false
   */
  startsNode?: boolean;
  /** Reason not to count its instructions, for example that it starts another program, whose work would be missing. */
  notCounted?: string;
  /** Environment of the measuring process, for example a number of threads. */
  env?: Record<string, string>;
  /**
   * Also compares how well the work is spread over threads: time on all threads / time on one thread. A lock or lost
   * parallelism makes it grow.
   */
  scaling?: Scaling;
  /** Work of one iteration of subject and peer, to compare their rates. Default: equal work. */
  work?: { unit: string; subject: number; peer: number };
  /** Target of the project for the rate of the subject divided by the rate of the peer. */
  target?: number;
  /** Number of timed pairs of subject and peer. @default 7 */
  rounds?: number;
  /** Creates the subject from a build, and throws unless its result is correct. */
  prepare(revision: Revision): Promise<Subject>;
  /** Other implementation that the subject is compared with. */
  peer?: Peer;
}

/** Environments of the processes that run on one thread and on all threads, in place of those in `env`. */
export interface Scaling {
  /** For example `{ OMP_NUM_THREADS: '1' }`. */
  one: Record<string, string>;
  /** For example `{ OMP_NUM_THREADS: '2' }`. */
  all: Record<string, string>;
  /** Maximum growth of the ratio that passes a check, as a share. @default 0.25 */
  threshold?: number;
}

export interface Peer {
  name: string;
  /** Creates the peer, and throws unless it agrees with the subject. */
  prepare(revision: Revision, subject: Subject): Promise<Subject>;
}

/** Properties of a build that affect its figures, such as the instruction set. */
export interface Environment {
  /** Part of the names of results files, which separates the figures of different kinds of machine. */
  variant: string;
  [fact: string]: unknown;
}

/** A module with benchmarks. Importing it must be fast and must not start anything. */
export interface BenchmarkModule {
  benchmarks: readonly Benchmark[];
  environment?(revision: Revision): Environment | Promise<Environment>;
}

/** Threshold of benchmarks that state none. */
export const DEFAULT_THRESHOLD = 0.07;

/**
 * The same for the growth of {@link Scaling}. Teams of threads are less steady than one thread, and work that is no
 * longer spread over two threads takes up to twice the time.
 */
export const DEFAULT_SCALING_THRESHOLD = 0.25;
