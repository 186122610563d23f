import {
  expectFunction,
  expectInteger,
  expectObject,
  expectOneOf,
  expectOptions,
  expectString,
} from '../core/validate.js';
import { INDEX_METRICS, type IndexMetric } from '../native/metrics.js';
import type { SearchResult } from '../native/search-result.js';
import { isReranked } from '../search/factory.js';

/** The interface of an index that identification uses. `VectorIndex` and `PgVectorIndex` implement it. */
export interface SearchableIndex {
  readonly dim: number;
  /** `'ip'` requires unit vectors. */
  readonly metric: IndexMetric;
  /** FAISS factory string, which determines the search options that apply. */
  readonly factory: string;
  /** Rows that can be found. */
  readonly size: number;
  /** Rows added so far, including removed ones: the label of the next row. */
  readonly rows: number;
  /** Type of filter that `search` takes: `'values'`: a {@link ValueFilter}; `'rows'`: the bits of {@link rowFilter}. */
  readonly filterKind: 'rows' | 'values';
  search(queries: Float32Array, options: { k: number } & Record<string, unknown>): Promise<SearchResult>;
}

/** @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE` */
export function expectSearchableIndex(value: unknown, name: string): SearchableIndex {
  const index = expectObject(value, name) as Partial<Record<keyof SearchableIndex, unknown>>;
  expectInteger(index.dim, `${name}.dim`, 1);
  expectInteger(index.size, `${name}.size`, 0);
  expectInteger(index.rows, `${name}.rows`, 0);
  expectString(index.factory, `${name}.factory`);
  expectOneOf(index.metric, `${name}.metric`, INDEX_METRICS);
  expectOneOf(index.filterKind, `${name}.filterKind`, ['rows', 'values']);
  expectFunction(index.search, `${name}.search`);
  return value as SearchableIndex;
}

/** Far above FAISS's defaults, which favour speed and miss true neighbours that should vote. */
const EF_SEARCH = 128;
const NPROBE = 16;
/** Largest setting that a search in an index accepts. */
const MAX_EFFORT = 2 ** 24;

/** How much of an index a search compares. A setting that does not apply to the index is ignored. */
export interface SearchEffort {
  /** HNSW: number of candidates that the search keeps. @default what `buildIndex` measured, otherwise 128 */
  efSearch?: number | undefined;
  /** IVF: number of lists to search. @default what `buildIndex` measured, otherwise 16 */
  nprobe?: number | undefined;
  /**
   * Re-ranking (`...,RFlat`): number of candidates to compare exactly. @default what `buildIndex` measured, but at
   * least twice `k`
   */
  rerank?: number | undefined;
}

/** The settings that apply to an index. */
export type AppliedEffort = { [Setting in keyof SearchEffort]: number };

/** Names of the settings of {@link SearchEffort}. */
export const EFFORT_KEYS = ['efSearch', 'nprobe', 'rerank'] as const;

/** @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE` */
export function expectEffort(value: unknown, name: string): SearchEffort {
  const effort = expectOptions(value, name, EFFORT_KEYS);
  for (const key of EFFORT_KEYS)
    if (effort[key] !== undefined) expectInteger(effort[key], `${name}.${key}`, 1, MAX_EFFORT);
  return effort as SearchEffort;
}

/**
 * Selects the search options that apply to an index with this factory string.
 *
 * @param usual settings for what `wanted` leaves open, measured for this index
 */
export function searchEffort(
  factory: string,
  wanted: SearchEffort,
  { k, usual = {} }: { k: number; usual?: SearchEffort | undefined },
): AppliedEffort {
  const rerank = wanted.rerank ?? (usual.rerank && Math.max(usual.rerank, 2 * k));
  return {
    ...(factory.includes('HNSW') && { efSearch: wanted.efSearch ?? usual.efSearch ?? EF_SEARCH }),
    ...(factory.includes('IVF') && { nprobe: wanted.nprobe ?? usual.nprobe ?? NPROBE }),
    ...(isReranked(factory) && rerank !== undefined && { rerank }),
  };
}
