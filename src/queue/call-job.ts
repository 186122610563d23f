/** What planner and workers of `univar generate` tell each other: one job is one attempt of a call. */
import { createHash } from 'node:crypto';

import { EngineError } from '../core/errors.js';
import { isObject } from '../core/json-file.js';
import type { CallResult, Request } from '../generation/call.js';
import type { Endpoint } from '../generation/project-schema.js';
import { type FailureKind, ProviderError } from '../generation/provider-error.js';

export interface CallJob {
  /** Name of the endpoint in the project; where it is and its key are known to the worker. */
  endpoint: string;
  /** Of the endpoint as the planner knows it. */
  fingerprint: string;
  request: Request;
}

/** What became of an attempt. */
export type CallOutcome = { result: CallResult } | { failure: Failure };

interface Failure {
  kind: FailureKind;
  message: string;
  retryAfterMs?: number | undefined;
}

/** Workers take jobs of the project that they have, by its name. */
export function callQueueName(project: string): string {
  return `univar-generate-${project}`;
}

/** Equal for endpoints that answer alike. Headers may hold secrets and stay out of Redis, also as a hash. */
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

/** Whether what Redis has for a job that is done is a result. */
export function isResult(returned: unknown): returned is { result: CallResult } {
  return isObject(returned) && isObject(returned['result']);
}

/** @throws ProviderError for a failure, EngineError `ERR_REMOTE` for what is no outcome */
export function resultOf(returned: unknown): CallResult {
  if (isResult(returned)) return returned.result;
  if (!isObject(returned) || !isObject(returned['failure']))
    throw new EngineError(
      'ERR_REMOTE',
      `The queue in Redis holds an outcome of a call that no worker wrote: ${JSON.stringify(returned ?? null).slice(0, 300)}`,
    );
  const { kind, message, retryAfterMs } = (returned as { failure: Failure }).failure;
  throw new ProviderError(kind, message, { retryAfterMs });
}
