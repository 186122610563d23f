import { expectInteger, expectUint8Array, fail } from '../core/validate.js';
import { type CallOptions, resolveCallOptions } from '../native/call.js';
import type { NativeSearchParams } from '../native/operation-types.js';

/** Options of one search. A setting that does not apply to the index is rejected. */
export interface IndexSearchOptions extends IndexQueryOptions {
  /** Neighbours per query, from 1 to the `size` of the index. */
  k: number;
}

/** Options of a search on the calling thread, which cannot be cancelled. */
export type SyncSearchOptions = Omit<IndexSearchOptions, 'signal' | 'onProgress'>;

/** Options of one range search. */
export interface RangeSearchOptions extends IndexQueryOptions {
  /** Finite threshold: finds vectors with a larger inner product or a smaller squared distance. */
  radius: number;
}

/** Options of every search in an index. */
export interface IndexQueryOptions extends CallOptions {
  /**
   * HNSW: number of candidates that the graph search keeps, >= 1 and never fewer than `k`. A larger number finds more
   * of the true neighbours but takes longer. @default the value in the index file, otherwise 16
   */
  efSearch?: number;
  /** IVF: number of lists to search, from 1 to all. @default the value in the index file, otherwise 1 */
  nprobe?: number;
  /**
   * Re-ranking (`...,RFlat`): number of candidates, found by their codes, to compare exactly; never fewer than `k`. A
   * larger number recovers more of the true neighbours that the codes misplace. @default the value in the index file,
   * otherwise twice `k`
   */
  rerank?: number;
  /**
   * Rows to search: bit `label % 8` of byte `label >> 3`. Rows beyond the end of the array are excluded. See
   * {@link rowFilter}. @default all
   */
  filter?: Uint8Array;
}

/** Options for building an index. A setting that does not apply to the factory string is rejected. */
export interface BuildOptions {
  /** HNSW: number of candidates kept in the search for the links of a new vector, >= 1. @default 40 */
  efConstruction?: number;
  /** IVF and PQ: iterations of k-means, >= 1. @default 25 for lists and for PQ codes */
  trainIterations?: number;
}

/** Properties of an index that decide which settings apply. */
export interface ApplicableParams {
  graph: boolean;
  lists: boolean;
  kmeans: boolean;
}

const MAX_CANDIDATES = 1 << 24;
const MAX_ITERATIONS = 10_000;

type Query = Partial<Record<(typeof QUERY_KEYS)[number], unknown>>;

/** Keys of {@link IndexQueryOptions}. */
export const QUERY_KEYS = ['efSearch', 'nprobe', 'rerank', 'filter', 'signal', 'onProgress'] as const;

/** Those of {@link SyncSearchOptions}. */
export const SYNC_QUERY_KEYS = ['efSearch', 'nprobe', 'rerank', 'filter'] as const;

export function resolveQueryOptions(
  { efSearch, nprobe, rerank, filter, signal, onProgress }: Query,
  index: { factory: string; graph: boolean; lists: boolean; rerank: boolean },
): { native: NativeSearchParams; call: CallOptions } {
  return {
    native: {
      efSearch: optional(efSearch, 'efSearch', index.graph, index.factory, MAX_CANDIDATES),
      nprobe: optional(nprobe, 'nprobe', index.lists, index.factory, MAX_CANDIDATES),
      rerank: optional(rerank, 'rerank', index.rerank, index.factory, MAX_CANDIDATES),
      filter: filter === undefined ? undefined : expectUint8Array(filter, 'filter'),
    },
    call: resolveCallOptions(signal, onProgress),
  };
}

export function resolveBuildOptions(
  params: { efConstruction?: unknown; trainIterations?: unknown },
  kind: ApplicableParams,
  factory: string,
): Required<BuildOptions> {
  return {
    efConstruction: optional(params.efConstruction, 'efConstruction', kind.graph, factory, MAX_CANDIDATES),
    trainIterations: optional(params.trainIterations, 'trainIterations', kind.kmeans, factory, MAX_ITERATIONS),
  };
}

/** Returns the value, or 0 for the default. */
function optional(value: unknown, name: string, applies: boolean, factory: string, max: number): number {
  if (value === undefined) return 0;
  if (!applies) fail('ERR_ARG_TYPE', `no value (an index "${factory}" has no such setting)`, name, value);
  return expectInteger(value, name, 1, max);
}
