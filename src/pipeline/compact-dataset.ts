import { expectBoolean, expectCallbacks, expectOptions, expectPath, expectSignal } from '../core/validate.js';
import { type FoldedChanges, foldChanges } from '../datasets/changes/fold-changes.js';
import { readFitManifest } from '../datasets/fits/fit-manifest.js';
import { refreshFit } from './fit/refresh-fit.js';
import { type BuiltIndex, rebuildIndex } from './index/build-index.js';

/** Callbacks during `compactDataset`. */
export interface CompactEvents {
  /** Receives the number of rows read so far from the dataset and its journal. */
  onRead?: ((rows: number) => void) | undefined;
  /** Called when the dataset is complete, before its fit is completed and the index is rebuilt. */
  onFolded?: ((folded: FoldedChanges) => void) | undefined;
  /** Receives the number of answers that have a vector of the fitted encoder so far. */
  onFitProgress?: ((rows: number) => void) | undefined;
  /** Receives the number of vectors added to the index so far. */
  onIndexProgress?: ((rows: number) => void) | undefined;
}

/** Options of `compactDataset`. */
export interface CompactOptions {
  /** Rebuilds the index if the folder has one. If false, an existing index becomes stale. @default true */
  index?: boolean | undefined;
  signal?: AbortSignal | undefined;
  events?: CompactEvents | undefined;
}

/** What `compactDataset` did. */
export interface CompactedDataset extends FoldedChanges {
  /** The new index; undefined if there is none, or it is still current. */
  index: BuiltIndex | undefined;
}

/**
 * Folds the additions and removals that a server has recorded into the dataset. Row numbers change. If the dataset has
 * a fit (see `fitDataset`), the fitted encoder as it is encodes the added answers, and the index that is rebuilt is the
 * one over its vectors.
 *
 * @throws EngineError `ERR_BUSY` while another process serves the folder for writing or writes to it; `ERR_DATA` if it
 *   is not a dataset, is unfinished, or no row would be left; and those of `fitDataset` and `buildIndex`. After an
 *   error in the fit or the index, the dataset is complete, and another call completes the rest
 */
export async function compactDataset(dir: string, options?: CompactOptions): Promise<CompactedDataset> {
  expectPath(dir, 'dir');
  const given = expectOptions(options, 'options', ['index', 'signal', 'events']) as CompactOptions;
  const { index: wantsIndex = true, signal, events = {} } = given;
  expectBoolean(wantsIndex, 'index');
  expectSignal(signal, 'signal');
  expectCallbacks(events, 'events', ['onRead', 'onFolded', 'onFitProgress', 'onIndexProgress']);
  await readFitManifest(dir); // reports a damaged fit before anything changes
  const folded = await foldChanges(dir, { signal, onProgress: events.onRead });
  events.onFolded?.(folded);
  const source = await refreshFit(folded.dataset, folded.added, { signal, onProgress: events.onFitProgress });
  const index = wantsIndex ? await rebuildIndex(source, { signal, onProgress: events.onIndexProgress }) : undefined;
  return { ...folded, index };
}
