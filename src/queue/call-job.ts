/** Messages between the planner and the workers of `univar generate`. One job is one attempt of a call. */
import { createHash } from 'node:crypto';

import { EngineError } from '../core/errors.js';
import { isObject } from '../core/json-file.js';
import type { CallResult, Request } from '../generation/call.js';
import type { Endpoint } from '../generation/project-schema.js';
import { type FailureKind, ProviderError } from '../generation/provider-error.js';

export interface CallJob {
  /** Name of the endpoint in the project. The worker knows its URL and key. */
  endpoint: string;
  /** Fingerprint of the endpoint in the planner's project file. */
  fingerprint: string;
  request: Request;
}

/** Outcome of an attempt. */
export type CallOutcome = { result: CallResult } | { failure: Failure };

interface Failure {
  kind: FailureKind;
  message: string;
  retryAfterMs?: number | undefined;
}

/** Returns the name of a project's queue, from which its workers take jobs. */
export function callQueueName(project: string): string {
  return `univar-generate-${project}`;
}

/**
 * Returns a hash that is equal for endpoints that answer the same. Headers can contain secrets, so not even their hash
 * goes to Redis.
 */
export function endpointFingerprint(endpoint: Endpoint): string {
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
