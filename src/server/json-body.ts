import { isUtf8 } from 'node:buffer';

import { ApiError } from './api-error.js';

/**
 * Parses a request body. Keys such as `__proto__` become properties like any other, which the schemas of the routes
 * refuse by name.
 *
 * @throws ApiError `bad_request`
 */
export function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) throw new ApiError('bad_request', 'Expected JSON as the body, got nothing');
  if (!isUtf8(bytes)) throw new ApiError('bad_request', 'Expected the body in UTF-8');
  try {
    return JSON.parse(new TextDecoder().decode(bytes)); // skips a byte order mark
  } catch (error) {
    // The messages of some versions of Node repeat a part of the body, which must not get into the log.
    const [place = ''] = / at position \d+/.exec((error as Error).message) ?? [];
    throw new ApiError('bad_request', `The body is not valid JSON${place}`);
  }
}
