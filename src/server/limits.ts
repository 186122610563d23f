import { EngineError } from '../core/errors.js';

/** What one request, and all of them together, may ask for. */
export interface Limits {
  /** Texts, vectors, records or rows of one request. @default 2048 */
  texts: number;
  /** Characters of a text, a question or an answer. @default 32,768 */
  textLength: number;
  /** Bytes of a body. @default 16 MiB */
  bodyBytes: number;
  /** Neighbours of a query. @default 1000 */
  k: number;
  /** Requests that are worked on at the same time, those that wait for the encoder included. @default 512 */
  requests: number;
  /** Requests per minute of one key, or of one address where there are no keys; 0 for any number. @default 0 */
  perMinute: number;
}

/** Neighbours in one answer, and those of them that come in words: an answer is made in memory. */
const MAX_NEIGHBOURS = 131_072;
const MAX_ANSWERS = 32_768;

/**
 * Refuses requests whose answer would be too large.
 *
 * @param queries texts or vectors of the request
 * @param answers neighbours of each query that come in words
 * @throws EngineError `ERR_ARG_RANGE`
 */
export function expectModestAnswer(queries: number, k: number, answers: number): void {
  if (queries * k > MAX_NEIGHBOURS) {
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected at most ${MAX_NEIGHBOURS} neighbours in all, got ${queries} queries with ${k} each`,
    );
  }
  if (queries * answers > MAX_ANSWERS) {
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected at most ${MAX_ANSWERS} answers in words in all, got ${queries} queries with ${answers} each`,
    );
  }
}

export const DEFAULT_LIMITS: Limits = {
  texts: 2048,
  textLength: 32_768,
  bodyBytes: 16 * 2 ** 20,
  k: 1000,
  requests: 512,
  perMinute: 0,
};
