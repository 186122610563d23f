import { expectFunction, expectInteger, expectObject, expectOneOf, expectString } from '../core/validate.js';
import { INDEX_METRICS, type IndexMetric } from '../native/metrics.js';
import type { SearchResult } from '../native/search-result.js';

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

/** How many candidates a search considers. */
export interface SearchEffort {
  /** HNSW: number of candidates that the search keeps. @default 128 */
  efSearch?: number | undefined;
  /** IVF: number of lists to search. @default 16 */
  nprobe?: number | undefined;
}

/** Selects the search options that apply to an index with this factory string. */
export function searchEffort(
  factory: string,
  { efSearch = EF_SEARCH, nprobe = NPROBE }: SearchEffort,
): { efSearch?: number; nprobe?: number } {
  return { ...(factory.includes('HNSW') && { efSearch }), ...(factory.includes('IVF') && { nprobe }) };
}
