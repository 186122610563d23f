import { expectFiniteVectors } from '../core/validate.js';
import type { SearchResult } from '../native/search-result.js';
import { exactSearch } from '../search/exact-search.js';
import type { SearchableIndex } from './searchable-index.js';

/** An index that searches embeddings in memory exactly. */
export class ExactIndex implements SearchableIndex {
  readonly metric = 'l2';
  readonly factory = 'Flat';
  readonly filterKind = 'rows';
  readonly size: number;
  readonly rows: number;

  /** @param embeddings [rows, dim], row-major; do not change it while the index is in use */
  constructor(
    private readonly embeddings: Float32Array,
    readonly dim: number,
  ) {
    this.size = this.rows = expectFiniteVectors(embeddings, 'embeddings', dim, 1);
  }

  search(
    queries: Float32Array,
    options: { k: number; filter?: Uint8Array; signal?: AbortSignal },
  ): Promise<SearchResult> {
    const { k, filter, signal } = options;
    return exactSearch({ base: this.embeddings, queries, dim: this.dim, k, filter, signal });
  }
}
