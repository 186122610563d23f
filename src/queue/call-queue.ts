import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

import { abortError, onAbort, untilAborted } from '../core/abort.js';
import { EngineError } from '../core/errors.js';
import { type CallResult, callKey } from '../generation/call.js';
import type { Endpoint } from '../generation/project-types.js';
import type { Attempt } from '../generation/providers/open-endpoint.js';
import { type CallJob, generateRun, isResult, resultOf } from './call-job.js';
import { JobQueue } from './job-queue.js';
import type { RedisConnection } from './redis.js';

const POLL_MS = 50;
/** Interval at which the planner looks for failures and workers. */
const LOOK_MS = 1000;
/** Looks after which unfinished jobs are added to the queue again, in case Redis has lost them. */
const LOOKS_UNTIL_REPEAT = 5;
/** Time that the result of a call waits for a planner that was stopped. */
const KEEP_SECONDS = 24 * 3600;

export interface CallQueueOptions {
  connection: RedisConnection;
  /** Name of the project. */
  project: string;
  /** The endpoints that it uses, by name. */
  endpoints: ReadonlyMap<string, Endpoint>;
  /** Folder of its results. */
  out: string;
  /** Ends {@link CallQueue.open}, which otherwise waits until the server answers. */
  signal?: AbortSignal | undefined;
  /** Receives messages for the user, for example that there is no worker. */
  onNotice: (text: string) => void;
}

interface Waiting {
  job: CallJob;
  resolve: (result: CallResult) => void;
  reject: (error: unknown) => void;
}

/**
 * The planner's side of calls that workers make. Every attempt is a job, and only the planner starts attempts. Limits
 * of concurrency and rate thus apply to all workers together, and one place handles budget, pauses and failures.
 */
export class CallQueue {
  /** Attempts by the id of their job. */
  readonly #waiting = new Map<string, Waiting>();
  /** Jobs whose attempt was abandoned. */
  readonly #left = new Set<string>();
  #isPolling = false;
  #lastLook = 0;
  #looks = 0;

  private constructor(
    private readonly jobs: JobQueue<CallJob>,
    private readonly onNotice: (text: string) => void,
  ) {}

  /**
   * Opens the queue. Removes the failures of an earlier run, and keeps its results.
   *
   * @throws EngineError `ERR_REMOTE`, `ERR_NATIVE_LOAD`
   */
  static async open({ connection, project, endpoints, out, signal, onNotice }: CallQueueOptions): Promise<CallQueue> {
    const jobs = await JobQueue.open<CallJob>({
      connection,
      run: generateRun(project, endpoints),
      prefix: createHash('sha256').update(`${hostname()}\n${out}`).digest('hex').slice(0, 12),
      keepDone: KEEP_SECONDS,
      workerCommand: 'univar worker --queue URL --project PROJECT.yaml',
      onNotice,
    });
    const queue = new CallQueue(jobs, onNotice);
    try {
      await untilAborted(jobs.keepAnnounced(), signal);
      await untilAborted(jobs.removeFinished('failed'), signal);
      await untilAborted(
        jobs.removeFinished('completed', ({ returnvalue }) => !isResult(returnvalue)),
        signal,
      );
    } catch (error) {
      await queue.close(); // its connection would keep the process alive
      throw error;
    }
    return queue;
  }

  /** Returns a function whose attempts at an endpoint are made by workers. Their time limit starts at the worker. */
  endpoint(name: string): Attempt {
    return (request, signal) => this.#attempt({ endpoint: name, request }, signal);
  }

  /** Removes jobs that nobody waits for, and disconnects from Redis. */
  async close(): Promise<void> {
    await this.jobs.close([...this.#waiting.keys(), ...this.#left]);
  }

  async #attempt(job: CallJob, signal: AbortSignal | undefined): Promise<CallResult> {
    const id = this.jobs.idOf(callKey(job));
    let forget = (): void => undefined;
    try {
      return await new Promise<CallResult>((resolve, reject) => {
        forget = onAbort(signal, () => {
          this.#left.add(id);
          reject(abortError(signal, 'The call was aborted'));
        });
        this.#waiting.set(id, { job, resolve, reject });
        this.jobs.add([{ id, data: job }]).catch(reject);
        void this.#poll();
      });
    } finally {
      this.#waiting.delete(id);
      forget();
    }
  }

  /** Fetches results until no attempt is waiting or the queue fails. */
  async #poll(): Promise<void> {
    if (this.#isPolling) return;
    this.#isPolling = true;
    try {
      while (this.#waiting.size > 0) {
        await this.#collect();
        if (performance.now() - this.#lastLook > LOOK_MS) await this.#lookAfter();
        await sleep(POLL_MS);
      }
    } catch (error) {
      for (const { reject } of this.#waiting.values()) reject(error);
    } finally {
      this.#isPolling = false;
    }
  }

  async #collect(): Promise<void> {
    const done = await this.jobs.finished('completed');
    await Promise.all(
      done.map(async ({ id, returnvalue }) => {
        const waiting = this.#waiting.get(id!);
        if (!waiting) return;
        // First remove the job, because another attempt of the same call has the same id.
        await this.jobs.remove(id!);
        try {
          waiting.resolve(resultOf(returnvalue));
        } catch (error) {
          waiting.reject(error);
        }
      }),
    );
  }

  async #lookAfter(): Promise<void> {
    for (const { id, data, attempts, isFinal, reason } of await this.jobs.newFailures()) {
      const where = `at a call of the endpoint ${data.endpoint}: ${reason}`;
      if (isFinal)
        this.#waiting.get(id)?.reject(new EngineError('ERR_DATA', `Workers failed ${attempts} times ${where}`));
      else this.onNotice(`a worker failed ${where}`);
    }
    if (this.#looks++ % LOOKS_UNTIL_REPEAT === 0) {
      await this.jobs.add([...this.#waiting].map(([id, { job }]) => ({ id, data: job })));
      await this.jobs.keepAnnounced();
    }
    await this.jobs.countWorkers();
    this.#lastLook = performance.now();
  }
}
