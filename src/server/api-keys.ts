import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { EngineError } from '../core/errors.js';
import { withFileErrors } from '../core/file-errors.js';

const SHORTEST_KEY = 16;

/** What a key allows. Each role includes those before it. */
export const ROLES = ['read', 'write', 'admin'] as const;
export type Role = (typeof ROLES)[number];
const DEFAULT_ROLE: Role = 'write';

export interface ApiKey {
  key: string;
  /** @default 'write' */
  role?: Role;
}

/** A key that a client has shown. */
export interface KnownKey {
  /** Position among the keys, for limits and logs. */
  index: number;
  role: Role;
}

/**
 * The accepted API keys. Only their hashes are kept. Every lookup compares all of them, so that its duration reveals
 * nothing about a key.
 */
export class ApiKeys {
  readonly #known: readonly (KnownKey & { hash: Buffer })[];

  constructor(keys: readonly ApiKey[]) {
    this.#known = keys.map(({ key, role = DEFAULT_ROLE }, index) => ({ index, role, hash: hash(key) }));
  }

  /**
   * Reads one key per line, alone or followed by its role: `KEY` or `KEY read`. Skips blank lines and lines that begin
   * with `#`.
   *
   * @throws EngineError `ERR_DATA` for a file without keys, a key shorter than 16 characters, or an unknown role;
   *   `ERR_IO`
   */
  static async read(path: string): Promise<ApiKeys> {
    const text = await withFileErrors(`read ${path}`, () => readFile(path, 'utf8'));
    const lines = text.split('\n').map((line, i) => ({ line: line.trim(), place: `${path}:${i + 1}` }));
    const keys = lines
      .filter(({ line }) => line !== '' && !line.startsWith('#'))
      .map(({ line, place }) => parseKey(line, place));
    if (keys.length === 0) throw new EngineError('ERR_DATA', `${path} contains no key`);
    return new ApiKeys(keys);
  }

  /**
   * @param authorization value of the header Authorization, `Bearer KEY`
   * @returns undefined if the key is not accepted
   */
  find(authorization: string | undefined): KnownKey | undefined {
    const [, key = ''] = /^bearer (.*)$/i.exec(authorization ?? '') ?? [];
    const given = hash(key.trim());
    let found: KnownKey | undefined;
    for (const known of this.#known) if (timingSafeEqual(known.hash, given)) found = known;
    return found && { index: found.index, role: found.role };
  }
}

/** Whether a key with one role can be used where the other is needed. */
export function includesRole(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

function parseKey(line: string, place: string): ApiKey {
  const [key = '', word = DEFAULT_ROLE, ...rest] = line.split(/\s+/);
  const role = ROLES.find((name) => name === word);
  // The line contains a secret, so the message does not repeat it.
  if (!role || rest.length > 0)
    throw new EngineError('ERR_DATA', `${place}: Expected a key, or a key and its role: read, write or admin`);
  if (key.length < SHORTEST_KEY)
    throw new EngineError(
      'ERR_DATA',
      `${place}: Expected a key of at least ${SHORTEST_KEY} characters, got ${key.length}`,
    );
  return { key, role };
}

function hash(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
