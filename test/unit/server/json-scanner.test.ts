import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type JsonBounds, JsonScanner } from '../../../src/server/json-scanner.js';

const NONE: JsonBounds = { depth: 1e9, values: 1e9, strings: 1e9, stringBytes: 1e9, otherBytes: 1e9 };

/** Whether a document passes, sent in pieces of `size` bytes. */
function passes(text: string, bounds: Partial<JsonBounds>, size = 7): boolean {
  const scanner = new JsonScanner({ ...NONE, ...bounds });
  const bytes = Buffer.from(text);
  try {
    for (let i = 0; i < bytes.length; i += size) scanner.push(bytes.subarray(i, i + size));
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_ARG_RANGE' });
    return false;
  }
}

interface Counts {
  depth: number;
  values: number;
  strings: number;
}

/** Counts what a parsed document contains; `values` can be less than what the scanner counts. */
function countsOf(value: unknown): Counts {
  if (typeof value !== 'object' || value === null)
    return { depth: 0, values: 1, strings: typeof value === 'string' ? 1 : 0 };
  const within = Object.values(value).map(countsOf);
  return {
    depth: 1 + Math.max(0, ...within.map(({ depth }) => depth)),
    values: 1 + within.reduce((sum, { values }) => sum + values, 0),
    strings: (Array.isArray(value) ? 0 : within.length) + within.reduce((sum, { strings }) => sum + strings, 0),
  };
}

describe('JsonScanner', () => {
  it('counts what JSON.parse creates, in pieces of any size', () => {
    const text = fc.string({ unit: fc.constantFrom('"', '\\', 'a', '{', '[', ',', ':', 'é', '\n'), maxLength: 90 });
    fc.assert(
      fc.property(fc.anything({ key: text, values: [text, fc.integer(), fc.boolean()] }), fc.nat(20), (value, size) => {
        const json = JSON.stringify([value]);
        const { depth, values, strings } = countsOf(JSON.parse(json));
        expect(passes(json, { depth, strings, values: 2 * values }, size + 1)).toBe(true);
        if (depth > 0) expect(passes(json, { depth: depth - 1 }, size + 1)).toBe(false);
        if (strings > 0) expect(passes(json, { strings: strings - 1 }, size + 1)).toBe(false);
        expect(passes(json, { values: values - 1 }, size + 1)).toBe(false);
      }),
    );
  });

  it('bounds strings and what is outside of them', () => {
    const long = `["${'a'.repeat(100)}\\"${'b'.repeat(100)}", 1]`;
    for (const size of [1, 50, 1000]) {
      expect(passes(long, { stringBytes: 203, otherBytes: 6 }, size)).toBe(true);
      expect(passes(long, { stringBytes: 202 }, size)).toBe(false);
      expect(passes(long, { otherBytes: 5 }, size)).toBe(false);
    }
    expect(passes(`"${'a'.repeat(50)}`, { stringBytes: 49 })).toBe(false);
  });
});
