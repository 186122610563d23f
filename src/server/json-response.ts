import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { abortError } from '../core/abort.js';
import { ApiError } from './api-error.js';
import type { Limits } from './limits.js';
import { turns } from './turns.js';

/** A response whose lists can be computed while it is written. */
export type Streamed<T> = T extends readonly (infer Entry)[]
  ? readonly Entry[] | Iterable<Streamed<Entry>> | AsyncIterable<Streamed<Entry>>
  : T extends object
    ? { [Key in keyof T]: Streamed<T[Key]> }
    : T;

const PIECE_LENGTH = 64 * 2 ** 10;
/** A client that reads more slowly is cut off in the end. */
const SLOWEST_BYTES_PER_MS = 64;

/**
 * Writes a response as JSON, in pieces with a turn of the event loop after each, so that other requests are answered in
 * between. Nothing is sent yet, so that errors still get a response of their own.
 *
 * @throws ApiError `response_too_large`; OverloadedError if there is no room for it; `ERR_ABORTED` if the client has
 *   left; errors of the lists
 */
export async function writeJson<T>(
  value: Streamed<T>,
  { held, gone }: FastifyRequest,
  { responseBytes }: Limits,
): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  let text = '';
  const flush = (): void => {
    const piece = Buffer.from(text);
    text = '';
    bytes += piece.length;
    if (bytes > responseBytes)
      throw new ApiError(
        'response_too_large',
        `The response would have more than ${responseBytes} bytes; send fewer texts or vectors at a time, or ask for ` +
          'fewer neighbours ("k", "evidence", "candidates"), no "answers", or embeddings in base64',
      );
    held.add(piece.length);
    pieces.push(piece);
  };
  for await (const part of partsOf(value)) {
    text += part;
    if (text.length < PIECE_LENGTH) continue;
    flush();
    await turns.next();
    if (gone.aborted) throw abortError(gone, 'The client has disconnected');
  }
  flush();
  return pieces;
}

/** Sends what {@link writeJson} has written, as fast as the client reads. */
export function sendJson(reply: FastifyReply, pieces: Buffer[], { writeMs }: Limits): FastifyReply {
  const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
  // Nothing would clear the timer of a client that has already left, and it would keep the process running.
  if (!reply.raw.destroyed) {
    const timer = setTimeout(() => reply.raw.destroy(), writeMs + bytes / SLOWEST_BYTES_PER_MS);
    reply.raw.once('close', () => clearTimeout(timer));
  }
  return reply
    .header('content-type', 'application/json; charset=utf-8')
    .header('content-length', bytes)
    .send(pieces.length === 1 ? pieces[0] : Readable.from(pieces, { objectMode: false }));
}

async function* partsOf(value: unknown): AsyncGenerator<string> {
  if (isLazy(value)) {
    let separator = '[';
    for await (const entry of value) {
      yield separator;
      yield* partsOf(entry);
      separator = ',';
    }
    yield separator === '[' ? '[]' : ']';
  } else if (typeof value === 'object' && value !== null && Object.values(value).some(isLazy)) {
    let separator = '{';
    for (const [key, entry] of Object.entries(value)) {
      if (entry === undefined) continue;
      yield `${separator}${JSON.stringify(key)}:`;
      yield* partsOf(entry);
      separator = ',';
    }
    yield '}';
  } else yield JSON.stringify(value);
}

/** Whether it is a list that is computed while it is written. */
function isLazy(value: unknown): value is Iterable<unknown> | AsyncIterable<unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Symbol.iterator in value || Symbol.asyncIterator in value;
}
