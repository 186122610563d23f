import { setTimeout as sleep } from 'node:timers/promises';

import type { ConnectionOptions, Job, Queue } from 'bullmq';

import { EngineError } from '../core/errors.js';
import { importBullmq } from './redis.js';
import { isPassing } from './redis-failure.js';

/** Attempts after which a job is given up, and the run with it. A worker that dies does not count as one. */
const ATTEMPTS = 5;
const BULK_JOBS = 500;
const CLOSE_MS = 2000;
/** Pause before a command is repeated that a lost connection has ended. */
const RETRY_MS = 500;
/** Events that Redis keeps; nobody reads them. */
const EVENTS = 10;

export interface JobQueueOptions {
  connection: ConnectionOptions;
  name: string;
  /** Begins the ids of this planner's jobs. */
  prefix: string;
  /** Seconds for which a job that is done is kept with its result; false to forget it at once. */
  keepDone: number | false;
  /** How a worker is started, for the notice that there is none. */
  workerCommand: string;
  /** Receives what a person should know. */
  onNotice: (text: string) => void;
}

type Jobs<T, R> = Queue<T, R, string, T, R, string>;

/**
 * What planners do with a queue in Redis, which may forget or repeat anything: it only tells workers what there is to
 * do. A lost connection is waited for, as long as it takes.
 *
 * Its methods throw EngineError `ERR_REMOTE` if Redis refuses or holds what nobody can read, `ERR_DISPOSED` after
 * {@link close}.
 */
export class JobQueue<T, R = unknown> {
  #hadWorkers: boolean | undefined;
  #isClosed = false;

  private constructor(
    private readonly options: JobQueueOptions,
    private readonly queue: Jobs<T, R>,
  ) {
    queue.on('error', () => undefined); // it connects again, and what was lost is repeated
  }

  /** @throws EngineError `ERR_NATIVE_LOAD` without the package bullmq */
  static async open<T, R = unknown>(options: JobQueueOptions): Promise<JobQueue<T, R>> {
    const { Queue } = await importBullmq();
    const { name, connection } = options;
    const queue: Jobs<T, R> = new Queue(name, { connection, streams: { events: { maxLen: EVENTS } } });
    return new JobQueue(options, queue);
  }

  idOf(key: string | number): string {
    return `${this.options.prefix}-${key}`;
  }

  /** Adds jobs by their ids. One that is in the queue already, whatever its state, is not added again. */
  async add(jobs: readonly { id: string; data: T }[]): Promise<void> {
    const { keepDone, name } = this.options;
    const opts = {
      attempts: ATTEMPTS,
      backoff: { type: 'fixed', delay: 1000 },
      removeOnComplete: keepDone === false || { age: keepDone },
      removeOnFail: false,
    };
    for (let begin = 0; begin < jobs.length; begin += BULK_JOBS) {
      const bulk = jobs
        .slice(begin, begin + BULK_JOBS)
        .map(({ id, data }) => ({ name, data, opts: { ...opts, jobId: id } }));
      await this.#ask(() => this.queue.addBulk(bulk));
    }
  }

  /** Jobs of this planner that are done, or that workers have failed at. */
  async finished(state: 'completed' | 'failed'): Promise<Job<T, R>[]> {
    const jobs = (await this.#ask(() => this.queue.getJobs([state]))) as (Job<T, R> | undefined)[];
    return jobs.filter((job): job is Job<T, R> => job?.id?.startsWith(`${this.options.prefix}-`) ?? false);
  }

  /** Why workers have failed at a job so far; undefined where none has. */
  async reasonOf(id: string): Promise<string | undefined> {
    return (await this.#ask(() => this.queue.getJob(id)))?.failedReason;
  }

  async remove(id: string): Promise<void> {
    await this.#ask(() => this.queue.remove(id));
  }

  /** Says so where no worker is connected, once. */
  async lookForWorkers(): Promise<void> {
    const hasWorkers = (await this.queue.getWorkersCount().catch(() => 1)) > 0; // not every server lists its clients
    if (!hasWorkers && this.#hadWorkers !== false)
      this.options.onNotice(`no worker is connected; start some with: ${this.options.workerCommand}`);
    this.#hadWorkers = hasWorkers;
  }

  /** Takes back jobs that nobody waits for any more and lets Redis go, also one that is not there. */
  async close(open: Iterable<string>): Promise<void> {
    this.#isClosed = true;
    await Promise.race([this.#withdraw(open), sleep(CLOSE_MS, undefined, { ref: false })]);
    await this.queue.disconnect().catch(() => undefined);
  }

  /** Repeats a command that the loss of a connection has ended. */
  async #ask<A>(command: () => Promise<A>): Promise<A> {
    for (;;) {
      try {
        return await command();
      } catch (cause) {
        await this.#waitOut(cause);
      }
    }
  }

  async #waitOut(cause: unknown): Promise<void> {
    if (this.#isClosed) throw new EngineError('ERR_DISPOSED', 'The queue was closed', { cause });
    if (!isPassing(cause)) throw unusable(this.options.name, cause);
    await sleep(RETRY_MS, undefined, { ref: false });
  }

  async #withdraw(open: Iterable<string>): Promise<void> {
    // A job that a worker has in hand stays; its result is there for the next run.
    for (const id of open) await this.queue.remove(id).catch(() => 0);
    await this.queue.close().catch(() => undefined);
  }
}

function unusable(name: string, cause: unknown): EngineError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new EngineError('ERR_REMOTE', `The queue ${name} in Redis cannot be used: ${reason}`, { cause });
}
