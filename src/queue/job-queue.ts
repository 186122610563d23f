import { setTimeout as sleep } from 'node:timers/promises';

import { type ConnectionOptions, type Job, Queue } from 'bullmq';

/** Attempts after which a job is given up, and the run with it. A worker that dies does not count as one. */
const ATTEMPTS = 5;
const BULK_JOBS = 500;
const CLOSE_MS = 2000;
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

/**
 * What planners do with a queue in Redis, which may forget or repeat anything: it only tells workers what there is to
 * do.
 */
export class JobQueue<T, R = unknown> {
  readonly #queue: Queue<T, R, string, T, R, string>;
  #hadWorkers: boolean | undefined;

  constructor(private readonly options: JobQueueOptions) {
    const { name, connection } = options;
    this.#queue = new Queue<T, R, string, T, R, string>(name, { connection, streams: { events: { maxLen: EVENTS } } });
    this.#queue.on('error', () => undefined); // it connects again, and what was lost is repeated
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
      await this.#queue.addBulk(
        jobs.slice(begin, begin + BULK_JOBS).map(({ id, data }) => ({ name, data, opts: { ...opts, jobId: id } })),
      );
    }
  }

  /** Jobs of this planner that are done, or that workers have failed at. */
  async finished(state: 'completed' | 'failed'): Promise<Job<T, R>[]> {
    const jobs = (await this.#queue.getJobs([state])) as (Job<T, R> | undefined)[];
    return jobs.filter((job): job is Job<T, R> => job?.id?.startsWith(`${this.options.prefix}-`) ?? false);
  }

  /** Why workers have failed at a job so far; undefined where none has. */
  async reasonOf(id: string): Promise<string | undefined> {
    return (await this.#queue.getJob(id))?.failedReason;
  }

  async remove(id: string): Promise<void> {
    await this.#queue.remove(id);
  }

  /** Says so where no worker is connected, once. */
  async lookForWorkers(): Promise<void> {
    const hasWorkers = (await this.#queue.getWorkersCount().catch(() => 1)) > 0; // not every server lists its clients
    if (!hasWorkers && this.#hadWorkers !== false)
      this.options.onNotice(`no worker is connected; start some with: ${this.options.workerCommand}`);
    this.#hadWorkers = hasWorkers;
  }

  /** Takes back jobs that nobody waits for any more and lets Redis go, also one that is not there. */
  async close(open: Iterable<string>): Promise<void> {
    await Promise.race([this.#withdraw(open), sleep(CLOSE_MS, undefined, { ref: false })]);
    await this.#queue.disconnect().catch(() => undefined);
  }

  async #withdraw(open: Iterable<string>): Promise<void> {
    // A job that a worker has in hand stays; its result is there for the next run.
    for (const id of open) await this.#queue.remove(id).catch(() => 0);
    await this.#queue.close().catch(() => undefined);
  }
}
