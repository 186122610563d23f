import { EngineError } from '../core/errors.js';
import { type Project, usedEndpoints } from '../generation/project.js';
import { openEndpoint } from '../generation/providers/open-endpoint.js';
import { type CallJob, type CallOutcome, callQueueName, endpointFingerprint, outcomeOf } from './call-job.js';
import type { RedisConnection } from './redis.js';
import { RedisLink } from './redis-link.js';
import { takeJobs } from './take-jobs.js';

export interface CallWorkerOptions {
  connection: RedisConnection;
  /** The project on this machine, with the URLs of its endpoints. */
  project: Project;
  /** Environment variables with the keys of endpoints. */
  env: Readonly<Record<string, string | undefined>>;
  /** Concurrent calls. @default the sum of the concurrency of all endpoints */
  calls?: number | undefined;
  /** Seconds after which the calls of a silent worker go to another one. */
  lease: number;
  /** When it fires, the worker stops. It has two seconds for its current calls; other workers repeat the rest. */
  signal: AbortSignal;
  /** Receives messages for the user. */
  onNotice: (text: string) => void;
  onCall: (failed: boolean) => void;
}

/**
 * Runs a worker of `univar generate --queue`, which makes single attempts of calls until the signal fires.
 *
 * @throws EngineError `ERR_DATA` if a key is not set, or if jobs are for other endpoints than those of the project
 */
export async function runCallWorker({
  connection,
  project,
  env,
  calls,
  lease,
  signal,
  onNotice,
  onCall,
}: CallWorkerOptions): Promise<void> {
  const endpoints = usedEndpoints(project);
  const open = async ([name, endpoint]: [string, (typeof project.endpoints)[string]]) =>
    [name, { fingerprint: endpointFingerprint(endpoint), attempt: await openEndpoint(name, endpoint, env) }] as const;
  const opened = new Map(await Promise.all([...endpoints].map(open)));
  const concurrency = calls ?? [...endpoints.values()].reduce((sum, endpoint) => sum + endpoint.concurrency, 0);
  const link = await RedisLink.open({ connection, onNotice });
  try {
    await takeJobs<CallJob, CallOutcome>(
      { connection, name: callQueueName(project.name), concurrency, lease, signal, isJob },
      async ({ endpoint, fingerprint, request }, deadline) => {
        const known = opened.get(endpoint);
        if (known?.fingerprint !== fingerprint)
          throw new EngineError(
            'ERR_DATA',
            `The endpoint ${endpoint} of the jobs differs from the one in this project file; ` +
              'all machines need the same "endpoints"',
          );
        // Running calls get a moment even after the signal, because they may cost something.
        const outcome = await known.attempt(request, deadline).then((result) => ({ result }), outcomeOf);
        deadline.throwIfAborted();
        onCall('failure' in outcome);
        return outcome;
      },
    );
  } finally {
    link.close();
  }
}

function isJob({ endpoint, fingerprint, request }: CallJob): boolean {
  return (
    typeof endpoint === 'string' &&
    typeof fingerprint === 'string' &&
    typeof request === 'object' &&
    ['chat', 'translate'].includes((request as { kind?: string } | null)?.kind ?? '')
  );
}
