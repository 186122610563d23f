import type { FastifyRequest } from 'fastify';

import { EngineError } from '../core/errors.js';
import { ApiError } from './api-error.js';
import { parseJson } from './json-body.js';
import { JsonScanner } from './json-scanner.js';
import type { Limits } from './limits.js';
import { readBody } from './request-body.js';
import { MAX_BASE64 } from './schemas.js';
import type { App, Service } from './service.js';
import { turns } from './turns.js';

const MAX_DEPTH = 8;
/** 340 vectors of 384 numbers. More are faster in a binary form, for the client too. */
const MAX_VALUES = 2 ** 17;
/** Keys and values of a record. */
const VALUES_PER_ITEM = 16;
/** More than the largest filter has. */
const FILTER_NAMES = 4096;
const BYTES_PER_VALUE = 32;
/** Bytes of a UTF-16 unit that is written as an escape. */
const LONGEST_CHARACTER = 6;
/** Larger bodies are parsed one per turn of the event loop, so that the server answers other requests in between. */
const LARGE_BODY = 64 * 2 ** 10;

/** Adds the parsers of request bodies. All other types are refused. */
export function addBodyParsers(app: App, { limits, encoders }: Service): void {
  const bounds = boundsOf(limits);
  // Pages of other sites can send text/plain without a preflight request.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', async (request: FastifyRequest) => {
    const scanner = new JsonScanner(bounds);
    const bytes = await readBody(request.raw, { ...limitsOf(request), inspect: (piece) => scanner.push(piece) });
    if (bytes.length > LARGE_BODY) await turns.next();
    return parseJson(bytes);
  });
  // The schemas validate the fields in the URL like those of a JSON body.
  app.addContentTypeParser('application/octet-stream', async (request: FastifyRequest) => {
    if (!request.routeOptions.config.packedVectors)
      throw new ApiError(
        'unsupported_media_type',
        'Expected application/json; only /v1/identify and /v1/search take vectors in binary form',
      );
    const bytes = await readBody(request.raw, limitsOf(request));
    request.packed = rowsOf(bytes, encoders.current.dim, limits.texts);
    return fieldsOf(request.query as Record<string, string | string[]>);
  });
}

function boundsOf({ texts, textLength }: Limits) {
  const values = Math.max(MAX_VALUES, VALUES_PER_ITEM * texts);
  return {
    depth: MAX_DEPTH,
    values,
    strings: VALUES_PER_ITEM * texts + FILTER_NAMES,
    stringBytes: Math.max(MAX_BASE64, LONGEST_CHARACTER * textLength),
    otherBytes: BYTES_PER_VALUE * values,
  };
}

function limitsOf({ routeOptions, held }: FastifyRequest) {
  return { limit: routeOptions.bodyLimit, held };
}

/**
 * Returns the rows of vectors in binary form, without a copy.
 *
 * @throws EngineError `ERR_SHAPE_MISMATCH`, `ERR_ARG_RANGE`
 */
function rowsOf(bytes: Buffer, dim: number, most: number): Float32Array[] {
  const rowBytes = Float32Array.BYTES_PER_ELEMENT * dim;
  if (bytes.length === 0 || bytes.length % rowBytes !== 0)
    throw new EngineError(
      'ERR_SHAPE_MISMATCH',
      `Expected vectors of ${dim} float32 (${rowBytes} bytes each) as the body, got ${bytes.length} bytes`,
    );
  const rows = bytes.length / rowBytes;
  if (rows > most) throw new EngineError('ERR_ARG_RANGE', `Expected at most ${most} vectors in the body, got ${rows}`);
  return Array.from({ length: rows }, (_, i) => new Float32Array(bytes.buffer, bytes.byteOffset + i * rowBytes, dim));
}

/** The fields of a query in its URL, as JSON or, if it is not JSON, as text: `?k=10&filter={"lang":"eng"}`. */
function fieldsOf(query: Record<string, string | string[]>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(query).map(([name, text]) => [
      name,
      typeof text === 'string' ? jsonOrText(text) : text.map(jsonOrText),
    ]),
  );
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
