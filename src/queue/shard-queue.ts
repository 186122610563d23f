import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { ConnectionOptions } from 'bullmq';

import { throwIfAborted, untilAborted } from '../core/abort.js';
import { EngineError } from '../core/errors.js';
import type { QuestionAnswer } from '../core/question-answer.js';
import { JobQueue } from './job-queue.js';
import { type JobEncoder, QUEUE_NAME, type ShardJob } from './shard-job.js';
import { type ShardResult, WorkFiles } from './work-files.js';

const POLL_MS = 100;
/** How often what is not done yet is put into the queue again, in case that Redis has lost it. */
const REPEAT_MS = 5000;

export interface ShardQueueOptions {
  connection: ConnectionOptions;
  /** What holds the folder of the work: the dataset folder, or the exchange. */
  root: string;
  /** Whether it is the exchange, which keeps nothing of a dataset that is complete. */
  exchange: boolean;
  /** Folder of the work within `root`, see `workFolderOf` and `exchangeFolder`. */
  folder: string;
  dim: number;
  encoder: JobEncoder;
  signal: AbortSignal;
  /** Receives what a person should know, for example that there is no worker. */
  onNotice: (text: string) => void;
}

/**
 * The planner's side: writes texts, puts a job for each shard into the queue, and waits for files. What is done is what
 * has a file; the queue only tells workers what there is to do, so it may forget or repeat anything.
 */
export class ShardQueue {
  /** Shards that were announced and have not been read, and how many texts they have. */
  readonly #open = new Map<number, number>();
  /** Shards whose result had its length and not its content when it was read. */
  readonly #damaged = new Set<number>();
  #lastRepeat = 0;
  #lastReason = '';

  private constructor(
    private readonly options: ShardQueueOptions,
    private readonly jobs: JobQueue<ShardJob>,
    private readonly files: WorkFiles,
  ) {}

  /**
   * Opens the queue and forgets the failures of an earlier run.
   *
   * @throws EngineError `ERR_REMOTE`, `ERR_NATIVE_LOAD`, `ERR_IO`, `ERR_DATA`
   */
  static async open(options: ShardQueueOptions): Promise<ShardQueue> {
    const { connection, root, folder, onNotice } = options;
    const jobs = await JobQueue.open<ShardJob>({
      connection,
      name: QUEUE_NAME,
      prefix: createHash('sha256')
        .update(`${resolve(root)}\n${folder}`)
        .digest('hex')
        .slice(0, 12),
      keepDone: false,
      workerCommand: 'univar worker --queue URL',
      onNotice,
    });
    const files = new WorkFiles(join(root, folder));
    const queue = new ShardQueue(options, jobs, files);
    try {
      await files.create();
      for (const { id } of await jobs.finished('failed')) await jobs.remove(id!);
    } catch (error) {
      await queue.close(); // its connection would keep the process alive
      throw error;
    }
    return queue;
  }

  /** Offers a shard to the workers, unless a file of an earlier run has it. */
  async announce(shard: number, texts: readonly QuestionAnswer[]): Promise<void> {
    this.#open.set(shard, texts.length);
    if (await this.files.readResult(shard, texts.length, this.options.dim)) return;
    await this.files.writeTexts(shard, texts);
    await this.#add([shard]);
  }

  /**
   * Waits until a shard that was announced is done.
   *
   * @throws EngineError `ERR_DATA` if workers have failed at a shard, with their reason; `ERR_REMOTE`, `ERR_ABORTED`
   */
  async result(shard: number): Promise<ShardResult> {
    const { signal } = this.options;
    const texts = this.#open.get(shard);
    if (texts === undefined) throw new EngineError('ERR_INTERNAL', `Shard ${shard} was not announced`);
    for (;;) {
      const result = await this.#take(shard, texts);
      if (result) return result;
      throwIfAborted(signal);
      // Without a server its commands wait, and then Ctrl-C must end the command nevertheless.
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

  /** Removes the texts and results where they do not go with the dataset's own files. */
  async finish(): Promise<void> {
    if (!this.options.exchange) return;
    await this.files
      .remove()
      .catch((error: unknown) =>
        this.options.onNotice(`${error instanceof Error ? error.message : String(error)}; it is not needed any more`),
      );
  }

  /** Takes back what nobody waits for any more and lets Redis go, also one that is not there. */
  async close(): Promise<void> {
    await this.jobs.close([...this.#open.keys()].map((shard) => this.jobs.idOf(shard)));
  }

  /** @param awaited the shard whose failures are told of before they end the run */
  async #lookAfter(awaited: number): Promise<void> {
    this.#lastRepeat = performance.now();
    const [failed] = await this.jobs.finished('failed');
    if (failed) {
      throw new EngineError(
        'ERR_DATA',
        `Workers have failed ${failed.attemptsMade} times at shard ${failed.data.shard} of ${this.options.root}: ${failed.failedReason}`,
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
    await this.jobs.lookForWorkers();
  }

  async #add(shards: readonly number[]): Promise<void> {
    const { root, exchange, folder, dim, encoder } = this.options;
    const data = (shard: number): ShardJob => ({
      root: resolve(root),
      exchange,
      folder,
      shard,
      texts: this.#open.get(shard)!,
      dim,
      encoder,
    });
    await this.jobs.add(shards.map((shard) => ({ id: this.jobs.idOf(shard), data: data(shard) })));
  }
}
