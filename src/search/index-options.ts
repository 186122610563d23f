import { expectInteger, expectUint8Array, fail } from '../core/validate.js';
import { type CallOptions, resolveCallOptions } from '../native/call.js';
import type { NativeSearchParams } from '../native/operation-types.js';

/** Options of one search. A setting that the index has no use for is refused. */
export interface IndexSearchOptions extends IndexQueryOptions {
  /** Neighbours per query, from 1 to the `size` of the index. */
  k: number;
}

/** Options of one range search. */
export interface RangeSearchOptions extends IndexQueryOptions {
  /** Vectors with a larger inner product, or a smaller squared distance, are found. Finite. */
  radius: number;
}

/** Options of every search in an index. */
export interface IndexQueryOptions extends CallOptions {
  /**
   * HNSW: how many candidates the walk through the graph keeps, >= 1. More finds more of the true neighbours and takes
   * longer. Never fewer than `k` are kept. @default the index's own, 16 unless its file says otherwise
   */
  efSearch?: number;
  /** IVF: how many lists are searched, from 1 to all. @default the index's own, 1 unless its file says otherwise */
  nprobe?: number;
  /**
   * Re-ranking (`...,RFlat`): how many candidates, found by their codes, are compared exactly; never fewer than `k`.
   * More finds more of the true neighbours that the codes misplace. @default twice `k`, unless the index's file says
   * otherwise
   */
  rerank?: number;
  /**
   * Rows that may be found: bit `label % 8` of byte `label >> 3`. Rows beyond its end may not. See {@link rowFilter}.
   * @default all
   */
  filter?: Uint8Array;
}

/** Options of building an index. A setting that the factory has no use for is refused. */
export interface BuildOptions {
  /** HNSW: how many candidates the search for the links of a new vector keeps, >= 1. @default 40 */
  efConstruction?: number;
  /** IVF and PQ: iterations of k-means, >= 1. @default 25 for lists and for PQ codes */
  trainIterations?: number;
}

/** What decides which settings apply. */
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

/** The value, or 0 for the default. */
function optional(value: unknown, name: string, applies: boolean, factory: string, max: number): number {
  if (value === undefined) return 0;
  if (!applies) fail('ERR_ARG_TYPE', `no value (an index "${factory}" has no such setting)`, name, value);
  return expectInteger(value, name, 1, max);
}
