import { join } from 'node:path';

import { Worker, type ConnectionOptions, type Job } from 'bullmq';

import { EngineError } from '../core/errors.js';
import type { Encoder } from '../encoder/encoder.js';
import { loadEncoder } from '../encoder/load-encoder.js';
import { QUEUE_NAME, type JobEncoder, type ShardJob } from './shard-job.js';
import { isWorkFolder, WorkFiles } from './work-files.js';

/** How often a shard may be taken from workers that fell silent: machines may come and go as they like. */
const MAX_STALLED = 1000;
/** Pause after Redis was not there. */
const RETRY_MS = 1000;

export interface ShardWorkerOptions {
  connection: ConnectionOptions;
  /** Encoder folder on this machine. */
  encoder: string;
  /** Dataset folder as it is called on this machine. @default as the planner calls it */
  out?: string | undefined;
  /** Exchange folder as it is called on this machine. @default as the planner calls it */
  exchange?: string | undefined;
  /** Seconds after which the shard of a worker that fell silent is given to another one. */
  lease: number;
  /** A first signal lets the worker finish the shard in hand. */
  signal: AbortSignal;
  onShard: (shard: number, texts: number, seconds: number) => void;
}

/** One worker: takes shards from the queue, one at a time, computes them and leaves the results as files. */
export class ShardWorker {
  #encoder: { key: string; loaded: Encoder } | undefined;
  #shards = 0;
  #failure: EngineError | undefined;

  private constructor(private readonly options: ShardWorkerOptions) {}

  /**
   * Works until the signal fires.
   *
   * @returns the number of shards that it has done
   * @throws EngineError `ERR_DATA` where the encoder is not the one that a job asks for, or the folder is not there
   */
  static async run(options: ShardWorkerOptions): Promise<number> {
    const worker = new ShardWorker(options);
    try {
      await worker.#work();
    } finally {
      await worker.#encoder?.loaded.dispose();
    }
    if (worker.#failure) throw worker.#failure;
    return worker.#shards;
  }

  async #work(): Promise<void> {
    const { connection, lease, signal } = this.options;
    const queue = new Worker<ShardJob>(QUEUE_NAME, (job) => this.#do(job), {
      connection,
      concurrency: 1,
      lockDuration: 1000 * lease,
      stalledInterval: 500 * lease,
      maxStalledCount: MAX_STALLED,
      runRetryDelay: RETRY_MS,
    });
    queue.on('error', () => undefined); // it connects again; what was done is a file by then
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
      queue.on('failed', () => {
        if (this.#failure) resolve();
      });
    });
    await queue.close();
  }

  async #do({ data }: Job<ShardJob>): Promise<void> {
    const { root, exchange, folder, shard, texts: count, dim } = data;
    if (!isWorkFolder(folder) || ![shard, count, dim].every(Number.isSafeInteger)) throw new EngineError('ERR_DATA', `The queue holds a job that is none of univar: ${JSON.stringify(data)}`);
    const files = new WorkFiles(join((exchange ? this.options.exchange : this.options.out) ?? root, folder));
    // Another worker may have done it and died, or been slow, before it could say so.
    if (await files.readResult(shard, count, dim)) return;
    const started = performance.now();
    try {
      const texts = await files.readTexts(shard, count);
      if (!texts) return;
      const encoder = await this.#encoderFor(data.encoder);
      const { embeddings, tokens } = await encoder.encode(texts);
      await files.writeResult(shard, dim, { embeddings, tokens });
    } catch (error) {
      // What is wrong with this machine is no reason to take the next shard.
      if (error instanceof EngineError && error.code !== 'ERR_ABORTED') this.#failure = error;
      throw error;
    }
    this.#shards++;
    this.options.onShard(shard, count, (performance.now() - started) / 1000);
  }

  async #encoderFor(wanted: JobEncoder): Promise<Encoder> {
    const key = JSON.stringify(wanted);
    if (this.#encoder?.key === key) return this.#encoder.loaded;
    await this.#encoder?.loaded.dispose();
    this.#encoder = undefined;
    const { name, fingerprint, maxTokens, backend, precision, batchTokens } = wanted;
    const loaded = await loadEncoder(this.options.encoder, { maxTokens, backend, precision, batchTokens: batchTokens ?? undefined });
    if (loaded.fingerprint !== fingerprint) {
      await loaded.dispose();
      throw new EngineError('ERR_DATA', `The jobs are for the encoder "${name}" with the fingerprint ${fingerprint.slice(0, 12)}, but ${this.options.encoder} has ${loaded.fingerprint.slice(0, 12)}; name the right folder with --encoder`);
    }
    this.#encoder = { key, loaded };
    return loaded;
  }
}
