import { setTimeout as sleep } from 'node:timers/promises';

import type { Job, JobState, Queue } from 'bullmq';

import { EngineError } from '../core/errors.js';
import { settledWithin } from '../core/time-limit.js';
import { importBullmq, type RedisConnection } from './redis.js';
import { describeReply, isPassing } from './redis-failure.js';
import { RedisLink } from './redis-link.js';
import { type RunBase, RunRegistry } from './run-registry.js';

/** Failed attempts after which a job, and with it the run, is abandoned. A worker that dies does not count. */
const ATTEMPTS = 5;
/** Pause before the next attempt. It is longer than the planner takes to look for failures. */
const BACKOFF_MS = 3000;
const BULK_JOBS = 500;
/** Time for the last commands, in case the server does not answer. */
const WITHDRAW_MS = 1500;
const CLOSE_MS = 500;
/** Pause before a command is repeated after a connection was lost. */
const RETRY_MS = 500;
/** Checks in a row that find no worker before the user is told. */
const MISSED_CHECKS = 5;
/** Number of events that Redis keeps; nobody reads them. */
const EVENTS = 10;

export interface JobQueueOptions {
  connection: RedisConnection;
  /** Announced to workers while the queue is open. */
  run: RunBase;
  /** Prefix of the ids of this planner's jobs. */
  prefix: string;
  /** Seconds for which a finished job and its result are kept; false to delete it immediately. */
  keepDone: number | false;
  /** Command that starts a worker, for the notice that there is none. */
  workerCommand: string;
  /** Receives messages for the user. */
  onNotice: (text: string) => void;
}

/** A failed attempt at a job. */
export interface JobFailure<T> {
  id: string;
  data: T;
  /** Failed attempts so far. */
  attempts: number;
  /** Whether no other attempt follows. */
  isFinal: boolean;
  reason: string;
}

type Jobs<T, R> = Queue<T, R, string, T, R, string>;

/**
 * The planner's side of a queue in Redis. The queue only hands out jobs to workers, so Redis can lose or repeat
 * anything. If the connection is lost, commands wait until it is back.
 *
 * Methods throw EngineError `ERR_REMOTE` if Redis refuses a command or contains unreadable data, and `ERR_DISPOSED`
 * after {@link close}.
 */
export class JobQueue<T, R = unknown> {
  readonly #registry: RunRegistry;
  readonly #toldAttempts = new Map<string, number>();
  /** Checks in a row that found no worker. The first check tells immediately that there is none. */
  #missedChecks = MISSED_CHECKS - 1;
  #isClosed = false;
  #isDiscarded = false;

  private constructor(
    private readonly options: JobQueueOptions,
    private readonly queue: Jobs<T, R>,
    private readonly link: RedisLink,
  ) {
    this.#registry = new RunRegistry(link.redis);
    queue.on('error', () => undefined); // it reconnects, and lost commands are repeated
  }

  /** @throws EngineError `ERR_NATIVE_LOAD` if the package bullmq is missing */
  static async open<T, R = unknown>(options: JobQueueOptions): Promise<JobQueue<T, R>> {
    const { Queue } = await importBullmq();
    const { run, connection, onNotice } = options;
    const queue: Jobs<T, R> = new Queue(run.queue, { connection, streams: { events: { maxLen: EVENTS } } });
    return new JobQueue(options, queue, await RedisLink.open({ connection, onNotice }));
  }

  idOf(key: string | number): string {
    return `${this.options.prefix}-${key}`;
  }

  /** Adds jobs. A job whose id is already in the queue, in any state, is not added again. */
  async add(jobs: readonly { id: string; data: T }[]): Promise<void> {
    const { keepDone, run } = this.options;
    const opts = {
      attempts: ATTEMPTS,
      backoff: { type: 'fixed', delay: BACKOFF_MS },
      removeOnComplete: keepDone === false || { age: keepDone },
      removeOnFail: false,
    };
    for (let begin = 0; begin < jobs.length; begin += BULK_JOBS) {
      const bulk = jobs
        .slice(begin, begin + BULK_JOBS)
        .map(({ id, data }) => ({ name: run.kind, data, opts: { ...opts, jobId: id } }));
      await this.#ask(() => this.queue.addBulk(bulk));
    }
  }

  /** Returns the jobs of this planner that are completed or have failed. */
  finished(state: 'completed' | 'failed'): Promise<Job<T, R>[]> {
    return this.#jobsIn([state]);
  }

  async #jobsIn(states: JobState[]): Promise<Job<T, R>[]> {
    const jobs = (await this.#ask(() => this.queue.getJobs(states))) as (Job<T, R> | undefined)[];
    return jobs.filter((job): job is Job<T, R> => job?.id?.startsWith(`${this.options.prefix}-`) ?? false);
  }

  /** Removes the jobs of this planner that are completed or have failed, if they are unwanted. */
  async removeFinished(
    state: 'completed' | 'failed',
    isUnwanted: (job: Job<T, R>) => boolean = () => true,
  ): Promise<void> {
    for (const job of await this.finished(state)) if (isUnwanted(job)) await this.remove(job.id!);
  }

  /** Returns the failures of workers that were not returned before, also those that another attempt follows. */
  async newFailures(): Promise<JobFailure<T>[]> {
    const jobs = await this.#jobsIn(['failed', 'delayed']);
    const failures: JobFailure<T>[] = [];
    for (const { id, data, attemptsMade, failedReason } of jobs) {
      if (!failedReason || this.#toldAttempts.get(id!) === attemptsMade) continue;
      this.#toldAttempts.set(id!, attemptsMade);
      failures.push({ id: id!, data, attempts: attemptsMade, isFinal: attemptsMade >= ATTEMPTS, reason: failedReason });
    }
    return failures;
  }

  async remove(id: string): Promise<void> {
    await this.#ask(() => this.queue.remove(id));
  }

  /** Announces the run, or extends its time, in case Redis has lost it. */
  async keepAnnounced(): Promise<void> {
    await this.#ask(() => this.#registry.announce(this.options.run));
  }

  /** Makes {@link close} remove the queue with everything in it, because the work is complete. */
  discard(): void {
    this.#isDiscarded = true;
  }

  /**
   * Counts the connected workers, and tells the user that there is none, or that there is one again. Workers that
   * reconnect after a restart of the server do not count as gone.
   */
  async countWorkers(): Promise<number> {
    const count = await this.queue.getWorkersCount().catch(() => 1); // not every server lists its clients
    const wasWithout = this.#missedChecks >= MISSED_CHECKS;
    this.#missedChecks = count > 0 ? 0 : this.#missedChecks + 1;
    const isWithout = this.#missedChecks >= MISSED_CHECKS;
    if (isWithout && !wasWithout)
      this.options.onNotice(`no worker is connected; start some with: ${this.options.workerCommand}`);
    if (wasWithout && !isWithout) this.options.onNotice('a worker is connected');
    return count;
  }

  /** Removes jobs that nobody waits for, and disconnects from Redis, even if it is not reachable. */
  async close(open: Iterable<string>): Promise<void> {
    this.#isClosed = true;
    await settledWithin(this.#withdraw(open), WITHDRAW_MS);
    this.link.close();
    await settledWithin(this.queue.close(), CLOSE_MS);
    await settledWithin(this.queue.disconnect(), CLOSE_MS);
  }

  /** Runs a command, and repeats it if the connection is lost. */
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
    if (!isPassing(cause)) throw unusable(this.options.run.queue, cause);
    await sleep(RETRY_MS);
  }

  async #withdraw(open: Iterable<string>): Promise<void> {
    await this.#registry.withdraw(this.options.run.queue);
    if (this.#isDiscarded) return this.queue.obliterate({ force: true });
    // A job that a worker is processing stays, and the next run uses its result.
    for (const id of open) await this.queue.remove(id).catch(() => 0);
  }
}

function unusable(name: string, cause: unknown): EngineError {
  return new EngineError('ERR_REMOTE', `The queue ${name} in Redis cannot be used: ${describeReply(cause)}`, { cause });
}
