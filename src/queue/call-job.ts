/** Messages between the planner and the workers of `univar generate`. One job is one attempt of a call. */
import { createHash } from 'node:crypto';

import { EngineError } from '../core/errors.js';
import { isObject } from '../core/json-file.js';
import type { CallResult, Request } from '../generation/call.js';
import type { Endpoint } from '../generation/project-types.js';
import { type FailureKind, ProviderError } from '../generation/provider-error.js';
import { OWN_VERSION, QUEUE_PROTOCOL, type RunBase } from './run-registry.js';

export interface CallJob {
  /** Name of the endpoint in the project. The worker knows its URL and key. */
  endpoint: string;
  request: Request;
}

/** Outcome of an attempt. */
export type CallOutcome = { result: CallResult } | { failure: Failure };

interface Failure {
  kind: FailureKind;
  message: string;
  retryAfterMs?: number | undefined;
}

export interface GenerateRun extends RunBase {
  kind: 'generate';
  /** Name of the project. */
  project: string;
  /** Fingerprint of all its endpoints. */
  endpoints: string;
}

/**
 * Describes a run. Its queue is named by protocol, project and endpoints. Several planners of a project share it; each
 * uses only its own results.
 *
 * @param endpoints those that the project uses, by name
 */
export function generateRun(project: string, endpoints: ReadonlyMap<string, Endpoint>): GenerateRun {
  const fingerprint = endpointsFingerprint(endpoints);
  const queue = `univar-generate-${QUEUE_PROTOCOL}-${project}-${fingerprint}`;
  return { kind: 'generate', queue, name: project, ...OWN_VERSION, project, endpoints: fingerprint };
}

/** Returns the run if an entry of this protocol is one. */
export function parseGenerateRun(run: RunBase): GenerateRun | undefined {
  const { project, endpoints } = run as Partial<GenerateRun>;
  return typeof project === 'string' && typeof endpoints === 'string' ? (run as GenerateRun) : undefined;
}

/** Returns a hash that is equal for projects whose endpoints answer the same. */
export function endpointsFingerprint(endpoints: ReadonlyMap<string, Endpoint>): string {
  const all = [...endpoints]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, endpoint]) => [name, endpointFingerprint(endpoint)]);
  return createHash('sha256').update(JSON.stringify(all)).digest('hex').slice(0, 12);
}

/**
 * Returns a hash that is equal for endpoints that answer the same. Headers can contain secrets, so not even their hash
 * goes to Redis.
 */
function endpointFingerprint(endpoint: Endpoint): string {
  return createHash('sha256')
    .update(JSON.stringify({ ...endpoint, headers: undefined }))
    .digest('hex')
    .slice(0, 16);
}

export function outcomeOf(error: unknown): CallOutcome {
  if (!(error instanceof ProviderError)) throw error;
  const { kind, message, retryAfterMs } = error;
  return { failure: { kind, message, retryAfterMs } };
}

/** Returns whether the value that Redis has for a finished job is a result. */
export function isResult(returned: unknown): returned is { result: CallResult } {
  return isObject(returned) && isObject(returned['result']);
}

/** @throws ProviderError for a failure; EngineError `ERR_REMOTE` if the value is not an outcome */
export function resultOf(returned: unknown): CallResult {
  if (isResult(returned)) return returned.result;
  if (!isObject(returned) || !isObject(returned['failure']))
    throw new EngineError(
      'ERR_REMOTE',
      'The queue in Redis contains an outcome of a call that no worker wrote: ' +
        JSON.stringify(returned ?? null).slice(0, 300),
    );
  const { kind, message, retryAfterMs } = (returned as { failure: Failure }).failure;
  throw new ProviderError(kind, message, { retryAfterMs });
}
