import { expectBoolean, expectCallbacks, expectOptions, expectPath, expectSignal } from '../core/validate.js';
import { type FoldedChanges, foldChanges } from '../datasets/changes/fold-changes.js';
import { type BuiltIndex, buildIndex } from './index/build-index.js';
import { readIndexDescription } from './index/saved-index.js';

export interface CompactEvents {
  /** Receives the number of rows read so far from the dataset and its journal. */
  onRead?: ((rows: number) => void) | undefined;
  /** Called when the dataset is complete, before the index is rebuilt. */
  onFolded?: ((folded: FoldedChanges) => void) | undefined;
  /** Receives the number of vectors added to the index so far. */
  onIndexProgress?: ((rows: number) => void) | undefined;
}

export interface CompactOptions {
  /** Rebuilds the index if the folder has one. If false, an existing index becomes stale. @default true */
  index?: boolean | undefined;
  signal?: AbortSignal | undefined;
  events?: CompactEvents | undefined;
}

export interface CompactedDataset extends FoldedChanges {
  /** The new index; undefined if the folder has no index or its index is still current. */
  index: BuiltIndex | undefined;
}

/**
 * Folds the additions and removals that a server has recorded into the dataset. Row numbers change.
 *
 * @throws EngineError like {@link foldChanges} and {@link buildIndex}
 */
export async function compactDataset(dir: string, options?: CompactOptions): Promise<CompactedDataset> {
  expectPath(dir, 'dir');
  const given = expectOptions(options, 'options', ['index', 'signal', 'events']) as CompactOptions;
  const { index: wantsIndex = true, signal, events = {} } = given;
  expectBoolean(wantsIndex, 'index');
  expectSignal(signal, 'signal');
  expectCallbacks(events, 'events', ['onRead', 'onFolded', 'onIndexProgress']);
  const earlier = wantsIndex ? await readIndexDescription(dir) : undefined;
  const folded = await foldChanges(dir, { signal, onProgress: events.onRead });
  events.onFolded?.(folded);
  if (earlier?.factory === undefined || earlier.embeddings === folded.dataset.embeddingsChecksum)
    return { ...folded, index: undefined };
  const { factory, metric, efConstruction } = earlier;
  const building = { factory, metric, efConstruction, signal, onProgress: events.onIndexProgress };
  return { ...folded, index: await buildIndex(folded.dataset, building) };
}
