import type { ConnectionOptions } from 'bullmq';

import { onAbort } from '../core/abort.js';
import { EngineError } from '../core/errors.js';
import { importBullmq } from './redis.js';
import { isRefusal } from './redis-failure.js';

/** How often a job can be taken from silent workers. It is large, because machines may come and go. */
const MAX_STALLED = 1000;
/** Pause after Redis could not be reached. */
const RETRY_MS = 1000;

export interface TakeJobsOptions<T> {
  connection: ConnectionOptions;
  /** Name of the queue. */
  name: string;
  /** Concurrent jobs. */
  concurrency: number;
  /** Seconds after which the job of a silent worker goes to another one. */
  lease: number;
  /** When it fires, the worker finishes its current jobs and stops. */
  signal: AbortSignal;
  /** Returns whether the data are a job. Anyone who can write to Redis can write anything. */
  isJob: (data: T) => boolean;
}

/**
 * Runs a worker that processes jobs until the signal fires. The return value of `work` is the result of the job.
 *
 * @throws EngineError the error of `work`, which means that this machine has a problem; another worker gets the job.
 *   `ERR_REMOTE` if Redis refuses a command; `ERR_NATIVE_LOAD` if the package bullmq is missing
 */
export async function takeJobs<T, R>(
  { connection, name, concurrency, lease, signal, isJob }: TakeJobsOptions<T>,
  work: (data: T) => Promise<R>,
): Promise<void> {
  const { Worker } = await importBullmq();
  let failure: EngineError | undefined;
  const take = async ({ data }: { data: T }): Promise<R> => {
    if (!isJob(data))
      throw new EngineError(
        'ERR_DATA',
        `The queue contains a job that is not from univar: ${JSON.stringify(data).slice(0, 300)}`,
      );
    try {
      return await work(data);
    } catch (error) {
      if (error instanceof EngineError && error.code !== 'ERR_ABORTED') failure ??= error;
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
      failure ??= new EngineError('ERR_REMOTE', `Redis refuses the jobs of ${name}: ${cause.message}`, { cause });
      end();
    });
  });
  await worker.close();
  if (failure) throw failure;
}
