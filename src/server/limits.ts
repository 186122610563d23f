import { EngineError } from '../core/errors.js';

/** Limits of each request, and of all requests together. */
export interface Limits {
  /** Texts, vectors, records or rows per request. @default 2048 */
  texts: number;
  /** UTF-16 units per text, question or answer. @default 32,768 */
  textLength: number;
  /** Bytes per request body. @default 8 MiB */
  bodyBytes: number;
  /** Bytes of all request bodies and responses that are in memory at a time. @default 64 MiB */
  bytesInFlight: number;
  /** Bytes per response. @default 16 MiB */
  responseBytes: number;
  /** Time in ms after which a client that reads nothing of its response is cut off. @default 30,000 */
  writeMs: number;
  /** Neighbours per query. @default 1000 */
  k: number;
  /** Concurrent requests, including those that wait for the encoder. @default 512 */
  requests: number;
  /** Requests per minute for each key, or for each address if there are no keys; 0 for no limit. @default 0 */
  perMinute: number;
}

/**
 * Neighbours or value ids in one response, and neighbours with the text of their answers. A response is built in
 * memory.
 */
const MAX_NEIGHBOURS = 131_072;
const MAX_ANSWERS = 32_768;
/** Texts whose classification one request can explain. Each of them is scored hundreds of times. */
export const MAX_EXPLAINED = 64;

/**
 * Refuses requests whose response would be too large.
 *
 * @param queries texts or vectors in the request
 * @param k neighbours of each query, or value ids in each classification, whichever is more
 * @param answers neighbours of each query that include the text of the answer
 * @throws EngineError `ERR_ARG_RANGE`
 */
export function expectModestAnswer(queries: number, k: number, answers: number): void {
  if (queries * k > MAX_NEIGHBOURS) {
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected at most ${MAX_NEIGHBOURS} neighbours or value ids in total, got ${queries} queries with ${k} each`,
    );
  }
  if (queries * answers > MAX_ANSWERS) {
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected at most ${MAX_ANSWERS} answers with text in total, got ${queries} queries with ${answers} each`,
    );
  }
}

export const DEFAULT_LIMITS: Limits = {
  texts: 2048,
  textLength: 32_768,
  bodyBytes: 8 * 2 ** 20,
  bytesInFlight: 64 * 2 ** 20,
  responseBytes: 16 * 2 ** 20,
  writeMs: 30_000,
  k: 1000,
  requests: 512,
  perMinute: 0,
};
