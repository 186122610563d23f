import { type Project, usedEndpoints } from '../generation/project.js';
import type { Endpoint } from '../generation/project-types.js';
import { openEndpoint } from '../generation/providers/open-endpoint.js';
import {
  type CallJob,
  type CallOutcome,
  endpointsFingerprint,
  type GenerateRun,
  outcomeOf,
  parseGenerateRun,
} from './call-job.js';
import type { RedisConnection } from './redis.js';
import { serveRuns } from './serve-runs.js';

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
 * Runs a worker of `univar generate --queue`, which makes single attempts of calls until the signal fires. It works
 * only for runs of its project with the same endpoints.
 *
 * @throws EngineError `ERR_DATA` if a key is not set; `ERR_REMOTE`
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
  const open = async ([name, endpoint]: [string, Endpoint]) => [name, await openEndpoint(name, endpoint, env)] as const;
  const attempts = new Map(await Promise.all([...endpoints].map(open)));
  const concurrency = calls ?? [...endpoints.values()].reduce((sum, endpoint) => sum + endpoint.concurrency, 0);
  const fingerprint = endpointsFingerprint(endpoints);
  await serveRuns<CallOutcome, GenerateRun, CallJob>({
    connection,
    kind: 'generate',
    concurrency,
    lease,
    signal,
    onNotice,
    parseRun: parseGenerateRun,
    whyNot: (run) => Promise.resolve(whyNot(run, project.name, fingerprint)),
    isJob: (job) => isJob(job) && attempts.has(job.endpoint),
    work: async (_, { endpoint, request }, deadline) => {
      // Running calls get a moment even after the signal, because they may cost something.
      const outcome = await attempts.get(endpoint)!(request, deadline).then((result) => ({ result }), outcomeOf);
      deadline.throwIfAborted();
      onCall('failure' in outcome);
      return outcome;
    },
  });
}

function whyNot({ project, endpoints }: GenerateRun, own: string, fingerprint: string): string | undefined {
  if (project !== own) return `this worker works for the project ${own}`;
  if (endpoints === fingerprint) return undefined;
  return 'its endpoints differ from those in this project file; all machines need the same "endpoints"';
}

function isJob({ endpoint, request }: CallJob): boolean {
  return (
    typeof endpoint === 'string' &&
    typeof request === 'object' &&
    ['chat', 'translate'].includes((request as { kind?: string } | null)?.kind ?? '')
  );
}
