import type * as bullmq from 'bullmq';
import type * as ioredis from 'ioredis';

import { throwIfAborted, untilAborted } from '../core/abort.js';
import { EngineError } from '../core/errors.js';
import { OPTIONAL_FEATURES } from '../core/optional-features.js';
import { importOptional } from '../core/optional-package.js';
import { describeReply } from './redis-failure.js';

/** Longest pause between two attempts to reconnect. */
const LONGEST_RETRY_MS = 2000;
const CONNECT_MS = 5000;
/**
 * Time without a reply after which a connection is replaced. Workers wait up to ten seconds for a job in one command.
 */
const SILENT_MS = 15_000;

/** Options of a connection, for ioredis and bullmq. */
export interface RedisConnection {
  url: string;
  maxRetriesPerRequest: null;
  connectTimeout: number;
  socketTimeout: number;
  retryStrategy: (times: number) => number;
}

/**
 * Checks that the server of a URL answers within five seconds, and returns the options to connect to it. Connections
 * that are lost later are reopened without a time limit, because a restart of the server must not end hours of work.
 *
 * @throws EngineError `ERR_ARG_RANGE` if it is not a Redis URL; `ERR_DEVICE_UNAVAILABLE` if nothing answers;
 *   `ERR_ABORTED`; `ERR_NATIVE_LOAD` if the package ioredis is missing
 */
export async function reachRedis(url: string, signal?: AbortSignal): Promise<RedisConnection> {
  const shown = withoutSecrets(url);
  const { Redis } = await importIoredis();
  const client = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    connectTimeout: CONNECT_MS,
    socketTimeout: CONNECT_MS,
  });
  let reason: unknown;
  client.on('error', (error: Error) => (reason = error));
  try {
    await untilAborted(
      client.connect().then(() => client.ping()),
      signal,
    );
  } catch (cause) {
    throwIfAborted(signal);
    const why = describeReply(reason ?? cause);
    throw new EngineError('ERR_DEVICE_UNAVAILABLE', `Redis at ${shown} does not answer: ${why}`, { cause });
  } finally {
    client.disconnect();
  }
  return {
    url,
    maxRetriesPerRequest: null,
    connectTimeout: CONNECT_MS,
    socketTimeout: SILENT_MS,
    retryStrategy: (times: number) => Math.min(100 * times, LONGEST_RETRY_MS),
  };
}

/** @throws EngineError `ERR_NATIVE_LOAD` if the package is missing */
export function importIoredis(): Promise<Pick<typeof ioredis, 'Redis'>> {
  return importOptional(OPTIONAL_FEATURES.queue, () => import('ioredis'));
}

/** @throws EngineError `ERR_NATIVE_LOAD` if the package is missing */
export function importBullmq(): Promise<Pick<typeof bullmq, 'Queue' | 'WaitingError' | 'Worker'>> {
  return importOptional(OPTIONAL_FEATURES.queue, () => import('bullmq'));
}

/** Returns a URL without secrets, for messages and logs. */
export function withoutSecrets(url: string): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected a URL such as redis://127.0.0.1:6379 for "queue", got ${JSON.stringify(url)}`,
    );
  }
  if (!['redis:', 'rediss:'].includes(parsed.protocol)) {
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected a URL that begins with redis:// or rediss:// for "queue", got one with ${parsed.protocol}`,
    );
  }
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
}
