import type { IncomingMessage } from 'node:http';

import { ApiError } from './api-error.js';
import type { HeldBytes } from './byte-budget.js';

const FIRST_CAPACITY = 4096;

export interface BodyOptions {
  /** Largest number of bytes. */
  limit: number;
  /** Counts the bytes against the budget. */
  held: HeldBytes;
  /** Looks at every piece of the body; what it throws refuses the body. */
  inspect?: (piece: Buffer) => void;
}

/**
 * Reads the body of a request. After a refusal, the rest of the body is read and dropped, so that the client reads the
 * response instead of failing to write.
 *
 * @throws ApiError `body_too_large`; OverloadedError if there is no room for it; errors of `inspect`
 */
export async function readBody(request: IncomingMessage, options: BodyOptions): Promise<Buffer> {
  const { limit, held, inspect } = options;
  // The pieces are copied, because a client can make each of them a single byte, and a Buffer object takes a hundred.
  let bytes = Buffer.alloc(0);
  let length = 0;
  const add = (piece: Buffer): void => {
    expectAtMost(limit, length + piece.length);
    held.add(piece.length);
    inspect?.(piece);
    if (length + piece.length > bytes.length) {
      const capacity = Math.max(FIRST_CAPACITY, length + piece.length, Math.min(limit, 2 * bytes.length));
      const larger = Buffer.allocUnsafeSlow(capacity);
      bytes.copy(larger, 0, 0, length);
      bytes = larger;
    }
    piece.copy(bytes, length);
    length += piece.length;
  };
  expectAtMost(limit, Number(request.headers['content-length'] ?? 0));
  return new Promise((resolve, reject) => {
    const onData = (piece: Buffer): void => {
      try {
        add(piece);
      } catch (error) {
        bytes = Buffer.alloc(0);
        request.off('data', onData).resume();
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    };
    request.on('data', onData);
    request.once('end', () => resolve(bytes.subarray(0, length)));
    request.once('error', () => {
      bytes = Buffer.alloc(0);
      reject(new ApiError('bad_request', 'The client left before its body was complete'));
    });
  });
}

function expectAtMost(limit: number, bytes: number): void {
  if (bytes > limit) throw new ApiError('body_too_large', `Expected a body of at most ${limit} bytes`);
}
