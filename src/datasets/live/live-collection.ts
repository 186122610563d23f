import { join } from 'node:path';

import { EngineError } from '../../core/errors.js';
import { FolderLock } from '../../core/folder-lock.js';
import type { QaRecord } from '../../records/record.js';
import type { Change } from '../changes/change-frames.js';
import { belongsTo, journalBase } from '../changes/change-journal.js';
import { Dataset } from '../dataset.js';
import { readManifest } from '../manifest.js';
import { Collection, type CollectionParts, type OpenedDataset } from './collection.js';

export const CHANGES_FILE = 'changes.journal';
/** Lock held by the process that can append to the journal. */
export const SERVE_LOCK = '.serve.lock';
/** Number of changes that share one write. A write takes milliseconds, regardless of the number of changes. */
const GROUP_CHANGES = 256;
const GROUP_ENTRIES = 4 * 2 ** 20;

export interface LiveCollectionOptions {
  /** Opens the current dataset with its encoder and an index over all of it, at the start and at every reload. */
  open: () => Promise<OpenedDataset>;
  /** Called at the end: frees what `open` keeps for the next reload. */
  close?: (() => Promise<void>) | undefined;
  /** Accepts no changes and takes no lock, so that any number of processes can serve one folder. @default false */
  readOnly?: boolean | undefined;
}

interface HeldLock {
  dir: string;
  lock: FolderLock;
}

interface Lease {
  collection: Collection;
  users: number;
  onIdle?: () => void;
}

type Wanted = { add: { records: QaRecord[]; vectors: Float32Array } } | { remove: number[] };

interface Waiting {
  wanted: Wanted;
  /** Receives the first row of an addition, or the number of removed rows. */
  resolve: (result: number) => void;
  reject: (error: unknown) => void;
}

/**
 * A collection that accepts changes and can be reloaded while it answers queries. Changes are applied in groups, one
 * group at a time, and each group is on disk before its callers are notified. A reload swaps in another collection
 * while calls on the old one finish.
 */
export class LiveCollection {
  #lease!: Lease;
  #lock: HeldLock | undefined;
  #waiting: Waiting[] = [];
  #turn: Promise<unknown> = Promise.resolve();
  #scheduled = false;
  #reloading = false;
  #closed = false;
  #failure: unknown;

  private constructor(private readonly options: LiveCollectionOptions) {}

  /**
   * Opens the collection, which calls `options.close` at its end, also if it cannot be opened.
   *
   * @throws EngineError `ERR_BUSY` if another process serves the folder for writing; `ERR_DATA`, `ERR_IO`
   */
  static async open(options: LiveCollectionOptions): Promise<LiveCollection> {
    const live = new LiveCollection(options);
    let opened: OpenedDataset | undefined;
    try {
      opened = await options.open();
      live.#lock = await live.#lockFolder(opened.dataset);
      live.#lease = { collection: await live.#openCollection(await Collection.prepare(opened)), users: 0 };
      return live;
    } catch (error) {
      if (opened) await Collection.discard(opened);
      await live.#lock?.lock.release();
      await options.close?.();
      throw error;
    }
  }

  get readOnly(): boolean {
    return this.options.readOnly ?? false;
  }

  /** The current collection, for synchronous access only. For everything else, call {@link use}. */
  get current(): Collection {
    return this.#lease.collection;
  }

  /** The error that blocks changes until a reload; undefined while changes are accepted. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Runs `action` on the current collection, which stays open until the action has finished. */
  async use<T>(action: (collection: Collection) => Promise<T>): Promise<T> {
    const lease = this.#lease;
    lease.users++;
    try {
      return await action(lease.collection);
    } finally {
      if (--lease.users === 0) lease.onIdle?.();
    }
  }

  /**
   * Adds answers. They are on disk when the promise resolves.
   *
   * @param vectors [records.length, dim], vectors of the encoder that embedded the dataset
   * @returns the row number of the first answer; the others follow
   * @throws EngineError `ERR_SHAPE_MISMATCH`, `ERR_ARG_RANGE`, `ERR_IO`, `ERR_DISPOSED`
   */
  add(records: QaRecord[], vectors: Float32Array): Promise<number> {
    return this.#write({ add: { records, vectors } });
  }

  /**
   * Removes rows. Ignores rows that do not exist.
   *
   * @returns the number of removed rows
   * @throws EngineError `ERR_IO`, `ERR_DISPOSED`
   */
  remove(rows: number[]): Promise<number> {
    return this.#write({ remove: rows });
  }

  /**
   * Opens the dataset again and switches to it. Reads continue throughout. Changes wait only for the last step, which
   * replays the journal. Both indexes are in memory for a short time.
   *
   * @throws EngineError `ERR_BUSY` during another reload; `ERR_DATA`, `ERR_DISPOSED`: nothing has changed
   */
  async reload(): Promise<Collection> {
    if (this.#reloading) throw new EngineError('ERR_BUSY', 'The index is already being reloaded');
    this.#reloading = true;
    try {
      const opened = await this.options.open();
      const { dataset } = opened;
      const isNewFolder = this.#lock !== undefined && this.#lock.dir !== dataset.dir;
      let lock: HeldLock | undefined;
      let parts: CollectionParts | undefined;
      try {
        if (isNewFolder) lock = await this.#lockFolder(dataset);
        const prepared = (parts = await Collection.prepare(opened));
        await this.#exclusively(() => this.#swap(prepared));
      } catch (error) {
        await lock?.lock.release();
        await Collection.discard(parts ?? opened);
        throw error;
      }
      if (lock) {
        await this.#lock?.lock.release();
        this.#lock = lock;
      }
      return this.current;
    } finally {
      this.#reloading = false;
    }
  }

  /** Applies pending changes, waits for calls in flight, and frees all resources. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#waiting.length > 0) await this.#turn;
    await this.#exclusively(() => this.#retire(this.#lease));
    await this.#lock?.lock.release();
    await this.options.close?.();
  }

  async #lockFolder(dataset: Dataset): Promise<HeldLock | undefined> {
    if (this.readOnly) return undefined;
    const { dir } = dataset;
    const lock = await FolderLock.acquire(join(dir, SERVE_LOCK));
    // The previous owner of the lock may have folded its changes into the dataset.
    const manifest = await readManifest(dir).catch(() => undefined);
    if (manifest && belongsTo(journalBase(new Dataset(dir, manifest)), journalBase(dataset))) return { dir, lock };
    await lock.release();
    throw new EngineError('ERR_BUSY', `The dataset ${dir} was changed while it was being opened; try again`);
  }

  #openCollection(parts: CollectionParts): Promise<Collection> {
    return Collection.open(parts, join(parts.dataset.dir, CHANGES_FILE), this.readOnly);
  }

  async #swap(parts: CollectionParts): Promise<void> {
    if (this.#closed) throw new EngineError('ERR_DISPOSED', 'The collection is closed');
    const { journal } = this.current;
    if (this.current.added + this.current.removed > 0 && !(await journal.isInPlace())) {
      throw new EngineError(
        'ERR_DATA',
        `${journal.path} is gone, and with it all changes to the dataset; ` +
          'restore it, or restart to continue without it',
      );
    }
    const old = this.#lease;
    this.#lease = { collection: await this.#openCollection(parts), users: 0 };
    this.#failure = undefined;
    void this.#retire(old);
  }

  async #retire(lease: Lease): Promise<void> {
    if (lease.users > 0) await new Promise<void>((resolve) => (lease.onIdle = resolve));
    await lease.collection.close();
  }

  async #write(wanted: Wanted): Promise<number> {
    if (this.#closed) throw new EngineError('ERR_DISPOSED', 'The collection is closed');
    if (this.readOnly) throw new EngineError('ERR_DISPOSED', 'The collection is served for reading only');
    return new Promise((resolve, reject) => {
      this.#waiting.push({ wanted, resolve, reject });
      this.#schedule();
    });
  }

  /** Runs one action at a time: groups of changes, swaps, and closing. */
  #exclusively<T>(action: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(action);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    void this.#exclusively(() => this.#writeGroup());
  }

  /** Never rejects: each caller gets its own result. */
  async #writeGroup(): Promise<void> {
    this.#scheduled = false;
    const group = this.#takeGroup();
    if (this.#waiting.length > 0) this.#schedule();
    if (group.length === 0) return;
    const { current } = this;
    let next = current.rows;
    const changes = group.map(({ wanted }): Change => {
      if ('remove' in wanted) return wanted;
      const first = next;
      next += wanted.add.records.length;
      return { add: { first, ...wanted.add } };
    });
    try {
      if (this.#failure !== undefined) {
        throw new EngineError('ERR_IO', 'An earlier change is on disk but not in memory; reload the index', {
          cause: this.#failure,
        });
      }
      const removed = await current.change(changes);
      group.forEach(({ resolve }, i) => {
        const change = changes[i]!;
        resolve('add' in change ? change.add.first : removed.shift()!);
      });
    } catch (error) {
      if (!(error instanceof EngineError && ['ERR_IO', 'ERR_DISPOSED'].includes(error.code))) this.#failure = error;
      for (const { reject } of group) reject(error);
    }
  }

  /**
   * Takes the next pending changes that the current collection accepts. Rejects the others individually.
   */
  #takeGroup(): Waiting[] {
    const group: Waiting[] = [];
    let entries = 0;
    while (this.#waiting.length > 0 && group.length < GROUP_CHANGES && entries < GROUP_ENTRIES) {
      const waiting = this.#waiting.shift()!;
      try {
        if ('add' in waiting.wanted) {
          const { records, vectors } = waiting.wanted.add;
          this.current.expectAddition(records, vectors);
          entries += vectors.length;
        }
        group.push(waiting);
      } catch (error) {
        waiting.reject(error);
      }
    }
    return group;
  }
}
