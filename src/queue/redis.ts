import type * as bullmq from 'bullmq';

import { EngineError } from '../core/errors.js';
import { importOptional } from '../core/optional-package.js';

const PURPOSE = 'A queue in Redis';

/** Longest pause between two attempts to reconnect. */
const LONGEST_RETRY_MS = 2000;
const FIRST_CONNECTION_MS = 5000;

/**
 * Checks that the server of a URL answers, and returns the options to connect to it. Connections that are lost later
 * are reopened without a time limit, because a restart of the server must not end hours of work.
 *
 * @throws EngineError `ERR_ARG_RANGE` if it is not a Redis URL; `ERR_DEVICE_UNAVAILABLE` if nothing answers;
 *   `ERR_NATIVE_LOAD` if the package ioredis is missing
 */
export async function reachRedis(url: string): Promise<bullmq.ConnectionOptions> {
  const shown = withoutSecrets(url);
  const { Redis } = await importOptional('ioredis', PURPOSE, () => import('ioredis'));
  const client = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    connectTimeout: FIRST_CONNECTION_MS,
  });
  let reason = '';
  client.on('error', (error: Error) => (reason = error.message));
  try {
    await client.connect();
    await client.ping();
  } catch (cause) {
    throw new EngineError(
      'ERR_DEVICE_UNAVAILABLE',
      `Redis at ${shown} does not answer: ${reason || (cause as Error).message}`,
      { cause },
    );
  } finally {
    client.disconnect();
  }
  return { url, maxRetriesPerRequest: null, retryStrategy: (times: number) => Math.min(100 * times, LONGEST_RETRY_MS) };
}

/** @throws EngineError `ERR_NATIVE_LOAD` if the package is missing */
export function importBullmq(): Promise<Pick<typeof bullmq, 'Queue' | 'Worker'>> {
  return importOptional('bullmq', PURPOSE, () => import('bullmq'));
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
