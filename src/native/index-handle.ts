import type { IndexHandle, IndexInfo, OpenedIndex, RangeSearchResult } from './addon-types.js';
import { type CallOptions, callNative, callNativeSync } from './call.js';
import { addon } from './loader.js';
import type { IndexMetric } from './metrics.js';
import type { NativeRangeSearch, NativeSearch } from './operation-types.js';

/** Settings of a new index, validated by the caller in src/search. 0 means FAISS's default. */
export interface IndexSpec {
  dim: number;
  metric: IndexMetric;
  factory: string;
  efConstruction: number;
  trainIterations: number;
  /** Uses FAISS's own distance code, for benchmarks and tests. */
  plain: boolean;
}

export function createIndex(spec: IndexSpec): Promise<OpenedIndex> {
  return callNative(createIndex, {}, () =>
    addon().indexCreate(spec.dim, spec.metric, spec.factory, spec.efConstruction, spec.trainIterations, spec.plain),
  );
}

export function loadIndex(path: string, { plain, map }: { plain: boolean; map: boolean }): Promise<OpenedIndex> {
  return callNative(loadIndex, {}, () => addon().indexLoad(path, plain, map));
}

export function indexFromBytes(bytes: Uint8Array, plain: boolean): Promise<OpenedIndex> {
  return callNative(indexFromBytes, {}, () => addon().indexFromBytes(bytes, plain));
}

export function trainIndex(
  index: IndexHandle,
  vectors: Float32Array,
  rows: number,
  options: CallOptions,
): Promise<IndexInfo> {
  return callNative(trainIndex, options, (control) => addon().indexTrain(index, vectors, rows, control));
}

export function addToIndex(
  index: IndexHandle,
  vectors: Float32Array,
  rows: number,
  options: CallOptions,
): Promise<IndexInfo> {
  return callNative(addToIndex, options, (control) => addon().indexAdd(index, vectors, rows, control));
}

export function removeFromIndex(index: IndexHandle, labels: Int32Array): Promise<IndexInfo & { removedNow: number }> {
  return callNative(removeFromIndex, {}, () => addon().indexRemove(index, labels));
}

export function reserveIndex(index: IndexHandle, rows: number): Promise<IndexInfo> {
  return callNative(reserveIndex, {}, () => addon().indexReserve(index, rows));
}

/** Writes [rows, k] labels and distances. */
export function searchIndex(index: IndexHandle, search: NativeSearch, options: CallOptions): Promise<void> {
  return callNative(searchIndex, options, (control) => addon().indexSearch(index, search, control));
}

/** The same on the calling thread. */
export function searchIndexSync(index: IndexHandle, search: NativeSearch): void {
  callNativeSync(searchIndexSync, () => addon().indexSearchSync(index, search));
}

export function rangeSearchIndex(
  index: IndexHandle,
  search: NativeRangeSearch,
  options: CallOptions,
): Promise<RangeSearchResult> {
  return callNative(rangeSearchIndex, options, (control) => addon().indexRangeSearch(index, search, control));
}

export function indexSelfRecall(index: IndexHandle, sample: number, options: CallOptions): Promise<number> {
  return callNative(indexSelfRecall, options, (control) => addon().indexSelfRecall(index, sample, control));
}

export function saveIndex(index: IndexHandle, path: string): Promise<void> {
  return callNative(saveIndex, {}, () => addon().indexSave(index, path));
}

export function indexToBytes(index: IndexHandle): Promise<Uint8Array> {
  return callNative(indexToBytes, {}, () => addon().indexToBytes(index));
}

export function disposeIndex(index: IndexHandle): Promise<void> {
  return callNative(disposeIndex, {}, () => addon().indexDispose(index));
}
