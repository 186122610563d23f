import { expectFunction, expectOneOf } from '../../core/validate.js';
import { ExactIndex } from '../../identification/exact-index.js';
import {
  expectSearchableIndex,
  type SearchableIndex,
  type SearchEffort,
} from '../../identification/searchable-index.js';
import { loadSavedIndex } from './saved-index.js';
import type { VectorSource } from './vector-source.js';

/**
 * `'saved'`: the index of the folder; `'exact'`: compares all answers; `'given'`: an index of the caller; `'none'`: no
 * search.
 */
export type SearchKind = 'saved' | 'exact' | 'given' | 'none';

/** An index over a dataset, and its origin. */
export interface DatasetSearch extends AsyncDisposable {
  index: SearchableIndex;
  kind: SearchKind;
  /** Settings of searches that do not say otherwise, measured for this index; empty for the defaults. */
  effort: SearchEffort;
  /** True if the folder has an index that does not match the embeddings: rebuild it. */
  isStale: boolean;
}

/** An index supplied by the caller, which the collection disposes. */
export type GivenIndex = SearchableIndex & AsyncDisposable;

/**
 * Opens the search over the vectors of a dataset.
 *
 * @param wanted `'saved'`: the saved index, or exact search if that is missing or stale
 * @throws EngineError like `VectorIndex.load` and `Dataset.readEmbeddings`
 */
export async function openDatasetSearch(
  source: VectorSource,
  wanted: 'saved' | 'exact' | GivenIndex,
): Promise<DatasetSearch> {
  if (typeof wanted === 'object') return searchOf(wanted, 'given', wanted);
  const saved = wanted === 'saved' ? await loadSavedIndex(source, { map: true }) : undefined;
  if (saved !== undefined && saved !== 'stale')
    return { ...searchOf(saved.index, 'saved', saved.index), effort: saved.effort };
  const { vectors } = source;
  const exact = new ExactIndex(await vectors.readEmbeddings(), vectors.dim);
  return { ...searchOf(exact, 'exact'), isStale: saved === 'stale' };
}

/** @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE` */
export function expectIndexChoice(value: unknown): 'saved' | 'exact' | 'none' | GivenIndex {
  if (typeof value !== 'object') return expectOneOf(value, 'index', ['saved', 'exact', 'none']);
  const index = expectSearchableIndex(value, 'index');
  expectFunction((index as Partial<GivenIndex>)[Symbol.asyncDispose], 'index[Symbol.asyncDispose]');
  return index as GivenIndex;
}

function searchOf(index: SearchableIndex, kind: SearchKind, owned?: AsyncDisposable): DatasetSearch {
  return { index, kind, effort: {}, isStale: false, [Symbol.asyncDispose]: async () => owned?.[Symbol.asyncDispose]() };
}
