import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { EngineError } from '../core/errors.js';
import { withFileErrors } from '../core/file-errors.js';

const SHORTEST_KEY = 16;

/**
 * The accepted API keys. Only their hashes are kept. Every lookup compares all of them, so that its duration reveals
 * nothing about a key.
 */
export class ApiKeys {
  readonly #hashes: Buffer[];

  constructor(keys: readonly string[]) {
    this.#hashes = keys.map(hash);
  }

  /**
   * Reads one key per line. Skips blank lines and lines that begin with `#`.
   *
   * @throws EngineError `ERR_DATA` for a file without keys, or with a key shorter than 16 characters; `ERR_IO`
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
    if (keys.length === 0) throw new EngineError('ERR_DATA', `${path} contains no key`);
    return new ApiKeys(keys.map(({ key }) => key));
  }

  /**
   * @param authorization value of the header Authorization, `Bearer KEY`
   * @returns index of the key, for limits and logs; undefined if the key is not accepted
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
