import { describe, expect, it } from 'vitest';

import { ApiKeys } from '../../../src/server/api-keys.js';
import { Logins } from '../../../src/server/logins.js';

const KEYS = new ApiKeys([{ key: 'first-key-0123456789' }, { key: 'second-key-0123456789' }]);
const [first, second, wrong] = ['Bearer first-key-0123456789', 'Bearer second-key-0123456789', 'Bearer none'];

describe('Logins', () => {
  it('answers guesses from an address with 429, right or wrong, but not clients that it knows', () => {
    let ms = 0;
    const logins = new Logins(KEYS, () => ms);
    const codeOf = (key: string | undefined, address: string): string | number => {
      try {
        return logins.expectKey(key, address).index;
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    expect(codeOf(first, 'a')).toBe(0);
    for (let i = 0; i < 100; i++) expect(codeOf(undefined, 'a')).toBe('invalid_api_key');
    for (let i = 0; i < 10; i++) expect(codeOf(wrong, 'a')).toBe('invalid_api_key');
    expect(codeOf(wrong, 'a')).toBe('rate_limited');
    expect(codeOf(second, 'a')).toBe('rate_limited');
    expect(codeOf(first, 'a')).toBe(0);
    expect(codeOf(second, 'b')).toBe(1);
    ms = 60_000;
    expect(codeOf(wrong, 'a')).toBe('invalid_api_key');
    expect(codeOf(second, 'a')).toBe(1);
  });
});
