/** What a file of benchmarks exports. The harness knows nothing else of the project that it measures. */

/** One build of the project: a folder with its compiled code. */
export interface Revision {
  /** Absolute path of the folder. */
  root: string;
  /** Imports a module of this build, for example `dist/index.js`. Never import the code under test in any other way. */
  import<T>(path: string): Promise<T>;
}

/** Amounts of work by name, for example products. */
export type Counters = Record<string, number>;

/** Something that can be timed. */
export interface Subject {
  /** One iteration. Its result must have been checked before. */
  run(): unknown;
  /** `run` resolves to the seconds that count, because its preparation must not. @default false */
  timesItself?: boolean;
  /** Work of one iteration, exact: the same in every process. Called once, after the timing. */
  counters?(): Counters | Promise<Counters>;
  /** Further figures for the results file, for example recall or latencies. Called after the timing. */
  details?(): Record<string, unknown> | Promise<Record<string, unknown>>;
  /** Frees what `prepare` made. */
  close?(): unknown;
}

export interface Benchmark {
  /** Operation and what varies, for example `infonce/one-way/f32`; unique in the project. */
  name: string;
  sizes: Record<string, number | string>;
  /** What is timed, as people call it, for example `infoNce`. @default the name */
  subject?: string;
  /**
   * Raise it when the time means something else than before; a check then reports the benchmark instead of judging it.
   * @default 1
   */
  version?: number;
  /** Share by which it may become slower before a check fails, 0.07 for 7 %. @default 0.07 */
  threshold?: number;
  /**
   * `run`: too long for a check; `check`: sizes for a check, iterations of 0.5 to 5 ms: the fastest of several count.
   * @default both
   */
  only?: 'run' | 'check';
  /** Environment of the process that measures it, for example a number of threads. */
  env?: Record<string, string>;
  /** Work of one iteration of the subject and of its peer, whose rates are compared. Default: equal work. */
  work?: { unit: string; subject: number; peer: number };
  /** Rate of the subject divided by the rate of the peer that the project asks for. */
  target?: number;
  /** Timed pairs of subject and peer. @default 7 */
  rounds?: number;
  /** Makes the subject from a build, and throws unless its result is right. */
  prepare(revision: Revision): Promise<Subject>;
  /** What the subject is compared with, if anything. */
  peer?: Peer;
}

export interface Peer {
  name: string;
  /** Makes the peer, and throws unless it agrees with the subject. */
  prepare(revision: Revision, subject: Subject): Promise<Subject>;
}

/** Facts of a build that its figures depend on, such as the instruction set. */
export interface Environment {
  /** Goes into the names of results files, so that figures of different kinds of machine stay apart. */
  variant: string;
  [fact: string]: unknown;
}

/** A module with benchmarks. Importing it must be quick and must start nothing. */
export interface BenchmarkModule {
  benchmarks: readonly Benchmark[];
  environment?(revision: Revision): Environment | Promise<Environment>;
}

/** Share by which a benchmark may become slower where it states none. */
export const DEFAULT_THRESHOLD = 0.07;
