import type { Job } from 'bullmq';

import { onAbort, untilAborted } from '../core/abort.js';
import { EngineError } from '../core/errors.js';
import { settledWithin } from '../core/time-limit.js';
import { importBullmq, type RedisConnection } from './redis.js';
import { describeReply, isRefusal } from './redis-failure.js';

/** How often a job can be taken from silent workers. It is large, because machines may come and go. */
const MAX_STALLED = 1000;
/** Pause after Redis could not be reached. */
const RETRY_MS = 1000;
/** Time after the signal in which a worker can finish its current jobs. */
const FINISH_MS = 2000;
/** Time to give the others back, and to disconnect, in case the server does not answer. */
const GIVE_BACK_MS = 500;
const CLOSE_MS = 500;

export interface TakeJobsOptions<T> {
  connection: RedisConnection;
  /** Name of the queue. */
  name: string;
  /** Concurrent jobs. */
  concurrency: number;
  /** Seconds after which the job of a silent worker goes to another one. */
  lease: number;
  /** When it fires, the worker stops. It has two seconds for its current jobs; it gives the others back. */
  signal: AbortSignal;
  /** Returns whether the data are a job. Anyone who can write to Redis can write anything. */
  isJob: (data: T) => boolean;
}

/**
 * Runs a worker that processes jobs until the signal fires. The return value of `work` is the result of the job. The
 * signal that `work` receives fires when the time for finishing is over.
 *
 * @throws EngineError the error of `work`, which means that this machine has a problem; another worker gets the job.
 *   `ERR_REMOTE` if Redis refuses a command; `ERR_NATIVE_LOAD` if the package bullmq is missing
 */
export async function takeJobs<T, R>(
  { connection, name, concurrency, lease, signal, isJob }: TakeJobsOptions<T>,
  work: (data: T, signal: AbortSignal) => Promise<R>,
): Promise<void> {
  const { WaitingError, Worker } = await importBullmq();
  const deadline = new AbortController();
  let failure: EngineError | undefined;
  const take = async (job: Job<T, R>, token?: string): Promise<R> => {
    if (!isJob(job.data))
      throw new EngineError(
        'ERR_DATA',
        `The queue contains a job that is not from univar: ${JSON.stringify(job.data).slice(0, 300)}`,
      );
    try {
      return await untilAborted(work(job.data, deadline.signal), deadline.signal);
    } catch (error) {
      if (deadline.signal.aborted) {
        await settledWithin(job.moveToWait(token), GIVE_BACK_MS);
        throw new WaitingError();
      }
      if (error instanceof EngineError) failure ??= error;
      throw error;
    }
  };
  const worker = new Worker<T, R>(name, take, {
    connection,
    concurrency,
    lockDuration: 1000 * lease,
    stalledInterval: 500 * lease,
    maxStalledCount: MAX_STALLED,
    runRetryDelay: RETRY_MS,
  });
  await new Promise<void>((resolve) => {
    const end = (): void => {
      forget();
      resolve();
    };
    const forget = onAbort(signal, end);
    if (signal.aborted) end();
    worker.on('failed', () => {
      if (failure) end();
    });
    worker.on('error', (cause) => {
      // It recovers from everything else: it reconnects and repeats lost commands.
      if (!isRefusal(cause)) return;
      failure ??= new EngineError('ERR_REMOTE', `Redis refuses the jobs of ${name}: ${describeReply(cause)}`, {
        cause,
      });
      end();
    });
  });
  const closing = worker.close();
  if (!signal.aborted) await untilAborted(closing, signal).catch(() => undefined); // it failed, and others still run
  if (!(await settledWithin(closing, FINISH_MS))) {
    deadline.abort();
    await settledWithin(closing, GIVE_BACK_MS + CLOSE_MS);
    await settledWithin(worker.disconnect(), CLOSE_MS);
  }
  if (failure) throw failure;
}
