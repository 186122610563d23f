import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { EngineError } from '../core/errors.js';
import { withFileErrors } from '../core/file-errors.js';

const SHORTEST_KEY = 16;

/**
 * Keys that open the service. Only their hashes are kept, and every one of them is compared, so that the time that a
 * comparison takes tells nothing about a key.
 */
export class ApiKeys {
  readonly #hashes: Buffer[];

  constructor(keys: readonly string[]) {
    this.#hashes = keys.map(hash);
  }

  /**
   * Reads one key per line; blank lines and lines that begin with `#` are passed over.
   *
   * @throws EngineError `ERR_DATA` for a file without keys, or with one that is shorter than 16 characters; `ERR_IO`
   */
  static async read(path: string): Promise<ApiKeys> {
    const text = await withFileErrors(`read ${path}`, () => readFile(path, 'utf8'));
    const lines = text.split('\n').map((line, i) => ({ key: line.trim(), number: i + 1 }));
    const keys = lines.filter(({ key }) => key !== '' && !key.startsWith('#'));
    const short = keys.find(({ key }) => key.length < SHORTEST_KEY);
    if (short)
      throw new EngineError(
        'ERR_DATA',
        `${path}:${short.number}: Expected a key of at least ${SHORTEST_KEY} characters, got ${short.key.length}`,
      );
    if (keys.length === 0) throw new EngineError('ERR_DATA', `${path} holds no key`);
    return new ApiKeys(keys.map(({ key }) => key));
  }

  /**
   * @param authorization the header of that name, `Bearer KEY`
   * @returns which key it is, for limits and logs; undefined where it is none
   */
  find(authorization: string | undefined): number | undefined {
    const [, key = ''] = /^bearer (.*)$/i.exec(authorization ?? '') ?? [];
    const given = hash(key.trim());
    let found: number | undefined;
    this.#hashes.forEach((known, i) => {
      if (timingSafeEqual(known, given)) found = i;
    });
    return found;
  }
}

function hash(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
