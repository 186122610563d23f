import { realpath } from 'node:fs/promises';
import { join } from 'node:path';

import { throwIfAborted } from '../../core/abort.js';
import { EngineError } from '../../core/errors.js';
import { FolderLock } from '../../core/folder-lock.js';
import { makeFolder } from '../../core/make-folder.js';
import { PACKAGE } from '../../core/package-files.js';
import { DuplicateCounter } from '../../records/duplicate-counter.js';
import type { QaRecord } from '../../records/record.js';
import { ValueIdCounts } from '../../records/value-id-counts.js';
import { gatherRows } from '../../search/gather-rows.js';
import { Dataset, openDataset } from '../dataset.js';
import { clear, isInUse, manifestSum, newShardFolder, publishManifest, WRITER_LOCK } from '../dataset-files.js';
import { JOURNAL_FILE, readJournal } from '../journal.js';
import { CHANGES_FILE, SERVE_LOCK } from '../live/live-collection.js';
import { createManifest, type DatasetManifest, type ShardEntry } from '../manifest.js';
import { ensureColumn } from '../shards/column-files.js';
import { firstRowsOf, shardOfRow } from '../shards/shard-files.js';
import { ShardFolder } from '../shards/shard-folder.js';
import type { AddedRows } from './change-frames.js';
import { beginFolding, ChangeJournal, journalBase, settleFolding } from './change-journal.js';

export interface FoldOptions {
  signal?: AbortSignal | undefined;
  /** Receives the number of rows read so far from the dataset and the journal together. */
  onProgress?: ((rows: number) => void) | undefined;
}

/** The dataset after its changes were written into it, and their numbers. */
export interface FoldedChanges {
  dataset: Dataset;
  rowsBefore: number;
  /** Rows of the journal that are now in the dataset, without those that were removed again. */
  added: number;
  /** Rows that were removed from the dataset. */
  removed: number;
  /** Numbers of shards that were kept unchanged, and of shards that were written. */
  shardsKept: number;
  shardsWritten: number;
}

/** Total changes of a journal. */
interface Changes {
  /** Row numbers, including those of added rows. */
  removed: Set<number>;
  /** Number of added rows, including removed ones. */
  added: number;
}

/**
 * Folds the changes of `changes.journal` into a dataset. Rewrites shards that lost rows, appends the added rows as new
 * shards, and leaves an empty journal. Rows keep their order and get new numbers. Dataset and journal together give the
 * same rows at any time, even after a crash; the next call then starts over.
 *
 * @throws EngineError `ERR_BUSY` while a process serves the folder for writing or writes to it; `ERR_DATA` if the
 *   folder is not a dataset, is unfinished, has a journal for a different dataset, or no row would be left;
 *   `ERR_ARG_RANGE` for added entries beyond the range of f16 if the dataset stores f16; `ERR_IO`, `ERR_ABORTED`
 */
export async function foldChanges(folder: string, options: FoldOptions = {}): Promise<FoldedChanges> {
  await openDataset(folder); // for its error messages: taking the lock needs a folder
  const dir = await realpath(folder);
  const serving = await FolderLock.acquire(join(dir, SERVE_LOCK));
  try {
    const writing = await FolderLock.acquire(join(dir, WRITER_LOCK));
    try {
      return await foldLocked(dir, options);
    } finally {
      await writing.release();
    }
  } finally {
    await serving.release();
  }
}

async function foldLocked(dir: string, options: FoldOptions): Promise<FoldedChanges> {
  const dataset = await openDataset(dir);
  await refuseHalfWritten(dir);
  const journal = join(dir, CHANGES_FILE);
  await settleFolding(journal, journalBase(dataset));
  const changes = await readChanges(dataset, journal);
  const removed = [...changes.removed].filter((row) => row < dataset.rows).length;
  const added = changes.added - (changes.removed.size - removed);
  const unchanged = {
    dataset,
    rowsBefore: dataset.rows,
    added,
    removed,
    shardsKept: dataset.manifest.shards.length,
    shardsWritten: 0,
  };
  if (changes.added + changes.removed.size === 0) return unchanged;
  if (dataset.rows + added === removed)
    throw new EngineError('ERR_DATA', `No row of ${dir} would be left: the journal removes all rows`);
  const shardFolder = await newShardFolder(dir, [await manifestSum(dir), removed, changes.added]);
  await makeFolder(join(dir, shardFolder));
  const { manifest, written } = await writeFolded(dataset, journal, changes, shardFolder, options).catch(
    async (error: unknown) => {
      await clear(dir).catch(() => undefined); // the first error is the one that matters
      throw error;
    },
  );
  const folded = new Dataset(dir, manifest);
  await beginFolding(journal, journalBase(folded));
  await publishManifest(dir, manifest, shardFolder);
  await settleFolding(journal, journalBase(folded));
  return { ...unchanged, dataset: folded, shardsKept: manifest.shards.length - written, shardsWritten: written };
}

/** Rejects an unfinished dataset or addition: its shards would not fit a new manifest. */
async function refuseHalfWritten(dir: string): Promise<void> {
  const path = join(dir, JOURNAL_FILE);
  const found = await readJournal(path);
  // A journal whose shards are in the manifest was left by a writer that was killed after its last step.
  if (!found || (await isInUse(dir, found.folder))) return;
  throw new EngineError(
    'ERR_DATA',
    `The folder ${dir} holds an unfinished dataset or addition; complete it with the command that started it, ` +
      `or discard it by deleting ${path}`,
  );
}

async function readChanges(dataset: Dataset, path: string): Promise<Changes> {
  const removed = new Set<number>();
  let added = 0;
  await forEachChange(dataset, path, (change) => {
    if ('records' in change) added += change.records.length;
    else for (const row of change) if (row < dataset.rows + added) removed.add(row);
  });
  return { removed, added };
}

/** Passes additions, and the rows of removals, to `take` in order. */
async function forEachChange(
  dataset: Dataset,
  path: string,
  take: (change: AddedRows | number[]) => void | Promise<void>,
): Promise<void> {
  const journal = await ChangeJournal.open(path, {
    base: journalBase(dataset),
    readOnly: true,
    onChanges: async (changes) => {
      for (const change of changes) await take('add' in change ? change.add : change.remove);
    },
  });
  await journal.close();
}

async function writeFolded(
  dataset: Dataset,
  journal: string,
  { removed }: Changes,
  shardFolder: string,
  { signal, onProgress }: FoldOptions,
): Promise<{ manifest: DatasetManifest; written: number }> {
  const { dir, manifest, dim } = dataset;
  const shards: ShardEntry[] = [];
  const valueIds = new ValueIdCounts();
  const duplicates = new DuplicateCounter();
  const writer = new ShardFolder(dir, shardFolder, manifest, (shard) => shards.push(shard));
  const thinned = thinnedShards(dataset, removed);
  const stored = dataset.openEmbeddings();
  let row = 0;
  /** Counts the rows to keep, starting at `row`; returns their places in `records`. */
  const keep = (records: readonly QaRecord[]): Int32Array => {
    throwIfAborted(signal, 'Folding the changes was interrupted', [
      { text: `run it again: ${dir} and its changes are unchanged` },
    ]);
    const places = Int32Array.from(records.keys()).filter((place) => !removed.has(row + place));
    for (const place of places) {
      valueIds.add(records[place]!);
      duplicates.add(records[place]!);
    }
    row += records.length;
    onProgress?.(row);
    return places;
  };
  const write = (records: readonly QaRecord[], embeddings: Float32Array, places: Int32Array): Promise<void> =>
    writer.append(
      Array.from(places, (place) => records[place]!),
      gatherRows(embeddings, dim, places),
    );
  try {
    for (const [number, shard] of manifest.shards.entries()) {
      const isUnchanged = !thinned.has(number);
      if (isUnchanged) {
        await writer.flush();
        shards.push((await ensureColumn(dir, shard)).shard);
      }
      for await (const records of dataset.shardRecordBlocks(number)) {
        const first = row;
        const places = keep(records);
        if (isUnchanged) continue;
        const embeddings = new Float32Array(records.length * dim);
        await stored.read(first, embeddings);
        await write(records, embeddings, places);
      }
    }
    await forEachChange(dataset, journal, async (change) => {
      if ('records' in change) await write(change.records, change.vectors, keep(change.records));
    });
    await writer.flush();
  } finally {
    await stored.close();
  }
  const rows = shards.reduce((sum, shard) => sum + shard.rows, 0);
  const counted = {
    createdBy: `univar ${PACKAGE.version}`,
    rows,
    valueIds: valueIds.toObject(),
    duplicates: duplicates.duplicates,
    shards,
  };
  return { manifest: createManifest({ ...manifest, ...counted }), written: writer.shards };
}

/** Returns the numbers of the shards that lost rows. */
function thinnedShards({ rows, manifest }: Dataset, removed: ReadonlySet<number>): Set<number> {
  const firstRows = firstRowsOf(manifest.shards);
  return new Set([...removed].filter((row) => row < rows).map((row) => shardOfRow(firstRows, row)));
}
