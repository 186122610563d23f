/** The content of a results file of this benchmark. */
import type { Machine } from '../../packages/bench-gate/src/report/results-file.js';
import type { Kind } from './kinds.js';

/** Figures of one search setting; of times, the medians over the rounds. */
export interface CurvePoint {
  k: number;
  /** `efSearch`, `nprobe` or expansion. */
  setting: number;
  recall: number;
  /** One query at a time, as a caller sees it; ours with `searchSync`, as the peers are synchronous. */
  p50Ms: number;
  p99Ms: number;
  meanMs: number;
  /** Queries per second with all queries in one call, on one thread and on two. */
  perSecond1: number;
  perSecond2: number;
  /** CPU time of the program per query, one at a time and in a batch on one thread. */
  cpuMsAlone: number;
  cpuMsTogether: number;
  /** One query at a time with `search`, which computes on another thread. Null for peers. */
  awaitedMs: number | null;
  cpuMsAwaited: number | null;
}

export interface Built {
  /** Of the program, with its start, reading and writing. */
  buildSeconds: number;
  /** Of all its threads: what other programs on the machine disturb least. */
  buildCpuSeconds: number;
  /** Peak resident memory of the program. */
  buildPeakBytes: number;
  fileBytes: number;
}

export interface LookupResult {
  name: string;
  engine: Kind['engine'];
  /** Null if another kind built the file. */
  built: Built | null;
  openSeconds: number;
  /** Resident memory of the searching program before it opened the index, and after all searches. */
  programBytes: number;
  residentBytes: number;
  points: CurvePoint[];
}

export interface LookupFile {
  command: string;
  machine: Machine;
  /** Version and flags of the peer. */
  peer: string;
  /** Whether the vectors are those of a fitted encoder. */
  fitted: boolean;
  /** Whether our indexes stay in their files. */
  mapped: boolean;
  rows: number;
  /** Rows of real answers; the others were made. */
  realRows: number;
  dim: number;
  queries: number;
  rounds: number;
  /** Load average of the machine after each round: above 2, other programs took part of its cores. */
  loads: number[];
  results: LookupResult[];
}
