/** Messages between the processes of this benchmark, and the content of its results file. */
import type { Machine } from '../../src/benchmarking/results-file.js';
import type { Kind } from './kinds.js';

export interface SearchRequest {
  /** Library that searches. */
  engine: 'univar' | 'libfaiss' | 'usearch';
  path: string;
  dim: number;
  k: number;
  /** Raw float32 queries, and the labels of the exact results as raw int32: [queries, k]. */
  queries: string;
  truth: string;
  /** `efSearch`, `nprobe` or expansion. */
  settings: number[];
  parameter: 'efSearch' | 'nprobe';
  /** Quantization of usearch. */
  quantization?: string;
  mapped: boolean;
  rerank: number | undefined;
}

export interface CurvePoint {
  setting: number;
  recall: number;
  p50Ms: number;
  p99Ms: number;
  /** Rate with all queries in one call, on all threads. */
  queriesPerSecond: number;
}

export interface SearchReport {
  openSeconds: number;
  /** Resident memory of the process after all searches. */
  residentBytes: number;
  points: CurvePoint[];
}

export interface LookupResult extends SearchReport {
  name: string;
  engine: Kind['engine'];
  /** Commit at the time of the search. */
  commit: string;
  /** Null if another kind built the file. */
  buildSeconds: number | null;
  /** Peak resident memory of the process that built it. */
  buildPeakBytes: number | null;
  fileBytes: number;
}

export interface LookupFile {
  command: string;
  machine: Machine;
  rows: number;
  realRows: number;
  dim: number;
  queries: number;
  k: number;
  results: LookupResult[];
}
