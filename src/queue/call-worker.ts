import type { ConnectionOptions } from 'bullmq';

import { EngineError } from '../core/errors.js';
import { type Project, usedEndpoints } from '../generation/project.js';
import { openEndpoint } from '../generation/providers/open-endpoint.js';
import { type CallJob, type CallOutcome, callQueueName, endpointFingerprint, outcomeOf } from './call-job.js';
import { takeJobs } from './take-jobs.js';

export interface CallWorkerOptions {
  connection: ConnectionOptions;
  /** The project file of this machine says where endpoints are. */
  project: Project;
  /** Where the keys of endpoints are taken from. */
  env: Readonly<Record<string, string | undefined>>;
  /** Calls at once. @default as many as all endpoints together take */
  calls?: number | undefined;
  /** Seconds after which the calls of a worker that fell silent are given to another one. */
  lease: number;
  /** A first signal lets the worker finish the calls in hand. */
  signal: AbortSignal;
  onCall: (failed: boolean) => void;
}

/**
 * A worker of `univar generate --queue`: makes single attempts of calls until the signal fires.
 *
 * @throws EngineError `ERR_DATA` where a key is not set, or jobs are for other endpoints than those of the project
 */
export async function runCallWorker({
  connection,
  project,
  env,
  calls,
  lease,
  signal,
  onCall,
}: CallWorkerOptions): Promise<void> {
  const endpoints = usedEndpoints(project);
  const open = async ([name, endpoint]: [string, (typeof project.endpoints)[string]]) =>
    [name, { fingerprint: endpointFingerprint(endpoint), attempt: await openEndpoint(name, endpoint, env) }] as const;
  const opened = new Map(await Promise.all([...endpoints].map(open)));
  const concurrency = calls ?? [...endpoints.values()].reduce((sum, endpoint) => sum + endpoint.concurrency, 0);
  await takeJobs<CallJob, CallOutcome>(
    { connection, name: callQueueName(project.name), concurrency, lease, signal, isJob },
    async ({ endpoint, fingerprint, request }) => {
      const known = opened.get(endpoint);
      if (known?.fingerprint !== fingerprint)
        throw new EngineError(
          'ERR_DATA',
          `The jobs are for another endpoint ${endpoint} than the one of this project file; all machines need the same "endpoints"`,
        );
      // Calls in hand are finished: they may have cost something.
      const outcome = await known.attempt(request, undefined).then((result) => ({ result }), outcomeOf);
      onCall('failure' in outcome);
      return outcome;
    },
  );
}

function isJob({ endpoint, fingerprint, request }: CallJob): boolean {
  return (
    typeof endpoint === 'string' &&
    typeof fingerprint === 'string' &&
    typeof request === 'object' &&
    ['chat', 'translate'].includes((request as { kind?: string } | null)?.kind ?? '')
  );
}
