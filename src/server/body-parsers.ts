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
/** 2,048 vectors of 64 numbers, or 341 of 384 numbers. Larger ones are faster in a binary form for the client, too. */
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
  const inTurn = async <T>(bytes: Buffer, parse: () => T): Promise<T> => {
    if (bytes.length > LARGE_BODY) await turns.next();
    return parse();
  };
  // Pages of other sites can send text/plain without a preflight request.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', async (request: FastifyRequest) => {
    const scanner = new JsonScanner(bounds);
    const bytes = await readBody(request.raw, { ...limitsOf(request), inspect: (piece) => scanner.push(piece) });
    return inTurn(bytes, () => parseJson(bytes));
  });
  app.addContentTypeParser('application/octet-stream', async (request: FastifyRequest) => {
    const bytes = await readBody(request.raw, limitsOf(request));
    return inTurn(bytes, () => packedQuery(request, bytes, encoders.current.dim));
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
 * Turns vectors in binary form into the body that the same request would have as JSON. The fields other than `vectors`
 * are parameters of the URL, as JSON or, if it is not JSON, as text: `?k=10&filter={"lang":"eng"}`.
 */
function packedQuery(request: FastifyRequest, bytes: Buffer, dim: number): Record<string, unknown> {
  if (!request.routeOptions.config.packedVectors)
    throw new ApiError(
      'unsupported_media_type',
      'Expected application/json; only queries can be vectors in binary form',
    );
  const rowBytes = 4 * dim;
  if (bytes.length === 0 || bytes.length % rowBytes !== 0)
    throw new EngineError(
      'ERR_SHAPE_MISMATCH',
      `Expected vectors of ${dim} float32 (${rowBytes} bytes each) as the body, got ${bytes.length} bytes`,
    );
  const fields: [string, unknown][] = Object.entries(request.query as Record<string, string | string[]>).map(
    ([name, text]) => [name, typeof text === 'string' ? jsonOrText(text) : text.map(jsonOrText)],
  );
  const vectors = Array.from({ length: bytes.length / rowBytes }, (_, i) =>
    bytes.toString('base64', i * rowBytes, (i + 1) * rowBytes),
  );
  return { ...Object.fromEntries(fields), vectors };
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
