import { describe, expect, it } from 'vitest';

import {
  type Acceptance,
  acceptedShare,
  acceptedSince,
  parseAccepted,
} from '../../../../packages/bench-gate/src/verdict/accepted.js';

const entry: Acceptance = {
  benchmark: 'parse/small',
  upTo: 0.15,
  reason: 'checks for duplicate keys',
  commit: '1a2b3c4',
};

describe('parseAccepted', () => {
  it('reads entries', () => {
    const other = { ...entry, counter: 'allocations' };
    expect(parseAccepted(JSON.stringify([entry, other]), 'accepted.json')).toEqual([entry, other]);
  });

  it.each([
    ['{', /accepted\.json is not JSON/],
    ['{}', /expected an array/],
    ['[1]', /entry 1: expected an object/],
    [JSON.stringify([entry, { ...entry, reason: ' ' }]), /entry 2: expected a string for "reason"/],
    [JSON.stringify([{ ...entry, commit: undefined }]), /expected a string for "commit"/],
    [JSON.stringify([{ ...entry, upTo: 0 }]), /share above 0 for "upTo"/],
    [JSON.stringify([{ ...entry, upto: 0.1 }]), /"upto" is not one of/],
    [JSON.stringify([{ ...entry, counter: 1 }]), /expected a string for "counter"/],
  ])('refuses %s', (text, message) => {
    expect(() => parseAccepted(text, 'accepted.json')).toThrow(message);
    expect(() => parseAccepted(text, 'accepted.json')).toThrow(expect.objectContaining({ code: 'ERR_DATA' }) as Error);
  });
});

describe('acceptedSince', () => {
  it('ignores an entry that the base already has', () => {
    const later = { ...entry, upTo: 0.2 };
    expect(acceptedSince([entry, later], [entry])).toEqual([later]);
    expect(acceptedSince([{ ...entry, reason: 'the same, better said' }], [entry])).toEqual([]);
  });
});

describe('acceptedShare', () => {
  it('returns the share of the benchmark, or of its counter', () => {
    const entries = [entry, { ...entry, upTo: 0.1 }, { ...entry, counter: 'products', upTo: 2 }];
    expect(acceptedShare(entries, 'parse/small')).toBe(0.15);
    expect(acceptedShare(entries, 'parse/small', 'products')).toBe(2);
    expect(acceptedShare(entries, 'parse/small', 'tiles')).toBe(0);
    expect(acceptedShare(entries, 'parse')).toBe(0);
  });
});
