import type { ConnectionOptions } from 'bullmq';

import { onAbort } from '../core/abort.js';
import { EngineError } from '../core/errors.js';
import { importBullmq } from './redis.js';
import { isRefusal } from './redis-failure.js';

/** How often a job may be taken from workers that fell silent: machines may come and go as they like. */
const MAX_STALLED = 1000;
/** Pause after Redis was not there. */
const RETRY_MS = 1000;

export interface TakeJobsOptions<T> {
  connection: ConnectionOptions;
  /** Name of the queue. */
  name: string;
  /** Jobs at once. */
  concurrency: number;
  /** Seconds after which the job of a worker that fell silent is given to another one. */
  lease: number;
  /** Lets the worker finish what it has in hand, and ends it. */
  signal: AbortSignal;
  /** Whoever can write to Redis can write anything: false for what is no job. */
  isJob: (data: T) => boolean;
}

/**
 * A worker: does jobs until the signal fires. What `work` gives is the result of the job.
 *
 * @throws EngineError what `work` threw, which is taken for something wrong with this machine; the job goes to another
 *   one. `ERR_REMOTE` if Redis refuses, `ERR_NATIVE_LOAD` without the package bullmq
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
        `The queue holds a job that is none of univar: ${JSON.stringify(data).slice(0, 300)}`,
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
      // From everything else it recovers: it connects again, and what was lost is repeated.
      if (!isRefusal(cause)) return;
      failure ??= new EngineError('ERR_REMOTE', `Redis refuses the jobs of ${name}: ${cause.message}`, { cause });
      end();
    });
  });
  await worker.close();
  if (failure) throw failure;
}
