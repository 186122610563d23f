import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { throwIfAborted, untilAborted } from '../core/abort.js';
import { EngineError } from '../core/errors.js';
import type { QuestionAnswer } from '../core/question-answer.js';
import { JobQueue } from './job-queue.js';
import type { RedisConnection } from './redis.js';
import { embedRun, type JobEncoder, type ShardJob } from './shard-job.js';
import { type ShardResult, WorkFiles } from './work-files.js';

const POLL_MS = 100;
/** Interval at which the planner looks for failures, workers and finished shards. */
const LOOK_MS = 1000;
/** Looks after which unfinished jobs are added to the queue again, in case Redis has lost them. */
const LOOKS_UNTIL_REPEAT = 5;

export interface ShardQueueOptions {
  connection: RedisConnection;
  /** Dataset folder, shown to people. */
  name: string;
  /** Parent of the work folder: the dataset folder or the exchange folder. */
  root: string;
  /** Whether `root` is the exchange folder, from which the files of a complete dataset are removed. */
  exchange: boolean;
  /** Name of the work folder in `root`, see `workFolderOf` and `exchangeFolder`. */
  folder: string;
  dim: number;
  encoder: JobEncoder;
  signal: AbortSignal;
  /** Receives messages for the user, for example that there is no worker. */
  onNotice: (text: string) => void;
  /** Receives the number of connected workers whenever it changes. */
  onWorkers?: ((count: number) => void) | undefined;
}

interface OpenShard {
  /** Number of texts. */
  texts: number;
  /** Rows of the dataset that it fills. */
  rows: number;
  isFinished: boolean;
}

/**
 * The planner's side: writes texts, adds a job for each shard to the queue, and waits for files. A shard is finished if
 * its file exists. The queue only hands out jobs, so it can lose or repeat anything.
 */
export class ShardQueue {
  /** Shards that were announced and not read yet. */
  readonly #open = new Map<number, OpenShard>();
  /** Shards whose result file had the right length and the wrong content when it was read. */
  readonly #damaged = new Set<number>();
  #looking: Promise<void> | undefined;
  #isClosed = false;
  /** Error that ends the run. */
  #failure: unknown;
  #workers: number | undefined;
  #finishedRows = 0;
  #onFinished: (rows: number) => void = () => undefined;

  private constructor(
    private readonly options: ShardQueueOptions,
    private readonly jobs: JobQueue<ShardJob>,
    private readonly files: WorkFiles,
  ) {}

  /**
   * Opens the queue, and removes the failures of an earlier run.
   *
   * @throws EngineError `ERR_REMOTE`, `ERR_NATIVE_LOAD`, `ERR_IO`, `ERR_DATA`, `ERR_ABORTED`
   */
  static async open(options: ShardQueueOptions): Promise<ShardQueue> {
    const { connection, name, exchange, folder, dim, encoder, signal, onNotice } = options;
    const root = resolve(options.root);
    const jobs = await JobQueue.open<ShardJob>({
      connection,
      run: embedRun(resolve(name), { root, exchange, folder, dim, encoder }),
      prefix: 'shard',
      keepDone: false,
      workerCommand: 'univar worker --queue URL',
      onNotice,
    });
    const files = new WorkFiles(join(root, folder));
    const queue = new ShardQueue(options, jobs, files);
    try {
      await files.create();
      await untilAborted(jobs.keepAnnounced(), signal);
      await untilAborted(jobs.removeFinished('failed'), signal);
    } catch (error) {
      await queue.close(); // its connection would keep the process alive
      throw error;
    }
    return queue;
  }

  /** @param listener receives the number of rows in all finished shards, now and after each change */
  watchFinished(listener: (rows: number) => void): void {
    this.#onFinished = listener;
    listener(this.#finishedRows);
  }

  /**
   * Offers a shard to the workers, unless an earlier run has left its result.
   *
   * @param rows rows of the dataset that the shard fills; more than its texts if some are equal
   */
  async announce(shard: number, texts: readonly QuestionAnswer[], rows: number): Promise<void> {
    const entry = { texts: texts.length, rows, isFinished: false };
    if (texts.length > 0) this.#open.set(shard, entry);
    if (texts.length === 0 || (await this.files.readResult(shard, texts.length, this.options.dim))) {
      this.#markFinished(entry);
      return;
    }
    await this.files.writeTexts(shard, texts);
    await untilAborted(this.#add([shard]), this.options.signal);
  }

  /**
   * Waits until an announced shard is finished. Needs only files, so it works while Redis does not answer.
   *
   * @throws EngineError `ERR_DATA` with the reason if workers have failed at a shard; `ERR_REMOTE`; `ERR_ABORTED`
   */
  async result(shard: number): Promise<ShardResult> {
    const entry = this.#open.get(shard);
    if (entry === undefined) throw new EngineError('ERR_INTERNAL', `Shard ${shard} was not announced`);
    this.#looking ??= this.#look();
    for (;;) {
      const result = await this.#take(shard, entry);
      if (result) return result;
      throwIfAborted(this.options.signal);
      if (this.#failure !== undefined) throw this.#failure as Error;
      await sleep(POLL_MS);
    }
  }

  async #take(shard: number, entry: OpenShard): Promise<ShardResult | undefined> {
    const { dim } = this.options;
    if (!(await this.files.looksDone(shard, entry.texts, dim))) return undefined;
    const result = await this.files.readResult(shard, entry.texts, dim);
    if (result) {
      this.#open.delete(shard);
      this.#markFinished(entry);
    } else this.#damaged.add(shard);
    return result;
  }

  #markFinished(entry: OpenShard): void {
    if (entry.isFinished) return;
    entry.isFinished = true;
    this.#onFinished((this.#finishedRows += entry.rows));
  }

  /**
   * Removes the queue, and texts and results from the exchange folder. In a dataset folder, they are removed with its
   * other files.
   */
  async finish(): Promise<void> {
    this.jobs.discard();
    if (!this.options.exchange) return;
    await this.files
      .remove()
      .catch((error: unknown) =>
        this.options.onNotice(
          `${error instanceof Error ? error.message : String(error)}; it is not needed any more, so you can delete it`,
        ),
      );
  }

  /** Removes jobs that nobody waits for, and disconnects from Redis, even if it is not reachable. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.jobs.close([...this.#open.keys()].map((shard) => this.jobs.idOf(shard)));
  }

  /** Looks after the queue until it is closed. Commands wait while Redis does not answer. */
  async #look(): Promise<void> {
    try {
      for (let looks = 0; !this.#isClosed; looks++) {
        await this.#reportFailures();
        await this.#findFinished();
        if (looks % LOOKS_UNTIL_REPEAT === 0) await this.#repeat();
        const workers = await this.jobs.countWorkers();
        if (workers !== this.#workers) this.options.onWorkers?.((this.#workers = workers));
        await sleep(LOOK_MS);
      }
    } catch (error) {
      if (!this.#isClosed) this.#failure = error;
    }
  }

  async #reportFailures(): Promise<void> {
    for (const { data, attempts, isFinal, reason } of await this.jobs.newFailures()) {
      if (isFinal)
        throw new EngineError(
          'ERR_DATA',
          `Workers failed ${attempts} times at shard ${data.shard} of ${this.options.root}: ${reason}`,
        );
      this.options.onNotice(`a worker failed at shard ${data.shard}: ${reason}`);
    }
  }

  async #findFinished(): Promise<void> {
    const hasResult = await this.files.listResults();
    for (const [shard, entry] of this.#open)
      if (!entry.isFinished && hasResult(shard) && (await this.files.looksDone(shard, entry.texts, this.options.dim)))
        this.#markFinished(entry);
  }

  /** Adds unfinished jobs and the run again, in case Redis has lost them. */
  async #repeat(): Promise<void> {
    const unfinished = [...this.#open].filter(([shard, { isFinished }]) => this.#damaged.delete(shard) || !isFinished);
    await this.#add(unfinished.map(([shard]) => shard));
    await this.jobs.keepAnnounced();
  }

  async #add(shards: readonly number[]): Promise<void> {
    const jobs = shards.flatMap((shard) => {
      const entry = this.#open.get(shard);
      return entry ? [{ id: this.jobs.idOf(shard), data: { shard, texts: entry.texts } }] : []; // read in the meantime
    });
    await this.jobs.add(jobs);
  }
}
