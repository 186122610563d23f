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
/** Interval at which unfinished jobs are added to the queue again, in case Redis has lost them. */
const REPEAT_MS = 5000;

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
}

/**
 * The planner's side: writes texts, adds a job for each shard to the queue, and waits for files. A shard is finished if
 * its file exists. The queue only hands out jobs, so it can lose or repeat anything.
 */
export class ShardQueue {
  /** Number of texts of the shards that were announced and not read yet. */
  readonly #open = new Map<number, number>();
  /** Shards whose result file had the right length and the wrong content when it was read. */
  readonly #damaged = new Set<number>();
  #lastRepeat = 0;
  #lastReason = '';

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

  /** Offers a shard to the workers, unless an earlier run has left its result. */
  async announce(shard: number, texts: readonly QuestionAnswer[]): Promise<void> {
    this.#open.set(shard, texts.length);
    if (await this.files.readResult(shard, texts.length, this.options.dim)) return;
    await this.files.writeTexts(shard, texts);
    await untilAborted(this.#add([shard]), this.options.signal);
  }

  /**
   * Waits until an announced shard is finished.
   *
   * @throws EngineError `ERR_DATA` with the reason if workers have failed at a shard; `ERR_REMOTE`; `ERR_ABORTED`
   */
  async result(shard: number): Promise<ShardResult> {
    const { signal } = this.options;
    const texts = this.#open.get(shard);
    if (texts === undefined) throw new EngineError('ERR_INTERNAL', `Shard ${shard} was not announced`);
    for (;;) {
      const result = await this.#take(shard, texts);
      if (result) return result;
      throwIfAborted(signal);
      // Commands wait while the server is unreachable, and Ctrl-C must still end the program.
      if (performance.now() - this.#lastRepeat > REPEAT_MS) await untilAborted(this.#lookAfter(shard), signal);
      await sleep(POLL_MS);
    }
  }

  async #take(shard: number, texts: number): Promise<ShardResult | undefined> {
    const { dim } = this.options;
    if (!(await this.files.looksDone(shard, texts, dim))) return undefined;
    const result = await this.files.readResult(shard, texts, dim);
    if (result) this.#open.delete(shard);
    else this.#damaged.add(shard);
    return result;
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
    await this.jobs.close([...this.#open.keys()].map((shard) => this.jobs.idOf(shard)));
  }

  /** @param awaited shard whose failures are reported even before they end the run */
  async #lookAfter(awaited: number): Promise<void> {
    this.#lastRepeat = performance.now();
    const [failed] = await this.jobs.finished('failed');
    if (failed) {
      throw new EngineError(
        'ERR_DATA',
        `Workers failed ${failed.attemptsMade} times at shard ${failed.data.shard} of ${this.options.root}: ` +
          failed.failedReason,
      );
    }
    const waiting: number[] = [];
    for (const [shard, texts] of this.#open)
      if (this.#damaged.delete(shard) || !(await this.files.looksDone(shard, texts, this.options.dim)))
        waiting.push(shard);
    await this.#add(waiting);
    const reason = (await this.jobs.reasonOf(this.jobs.idOf(awaited))) ?? '';
    if (reason !== '' && reason !== this.#lastReason) {
      this.options.onNotice(`a worker failed at shard ${awaited}: ${reason}`);
      this.#lastReason = reason;
    }
    await this.jobs.keepAnnounced();
    await this.jobs.lookForWorkers();
  }

  async #add(shards: readonly number[]): Promise<void> {
    const data = (shard: number): ShardJob => ({ shard, texts: this.#open.get(shard)! });
    await this.jobs.add(shards.map((shard) => ({ id: this.jobs.idOf(shard), data: data(shard) })));
  }
}
