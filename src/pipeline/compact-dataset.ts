import { expectBoolean, expectCallbacks, expectOptions, expectPath, expectSignal } from '../core/validate.js';
import { type FoldedChanges, foldChanges } from '../datasets/changes/fold-changes.js';
import { type BuiltIndex, buildIndex } from './index/build-index.js';
import { readIndexDescription } from './index/saved-index.js';

export interface CompactEvents {
  /** Receives the number of rows read so far, of the dataset and its journal. */
  onRead?: ((rows: number) => void) | undefined;
  /** Called when the dataset is complete, before the index is built again. */
  onFolded?: ((folded: FoldedChanges) => void) | undefined;
  /** Receives the number of vectors added to the index, of all rows. */
  onIndexProgress?: ((rows: number) => void) | undefined;
}

export interface CompactOptions {
  /** Builds the index again if the folder has one; otherwise it is stale from then on. @default true */
  index?: boolean | undefined;
  signal?: AbortSignal | undefined;
  events?: CompactEvents | undefined;
}

export interface CompactedDataset extends FoldedChanges {
  /** The new index; undefined if there was none or it is still current. */
  index: BuiltIndex | undefined;
}

/**
 * Makes the additions and removals of a server part of the dataset: see {@link foldChanges}, whose errors it throws.
 * Row numbers change.
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
