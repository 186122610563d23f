import { InvalidArgumentError } from 'commander';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { columnMap, integer, integerList } from '../../../src/cli/parse-options.js';

describe('integer', () => {
  it.each(['', 'x', '1.5', '1e3', '0x10', ' 1', '0', '11', 'Infinity', '--1'])('refuses %j outside 1 to 10', (text) => {
    expect(() => integer(1, 10)(text)).toThrow(InvalidArgumentError);
  });

  it('accepts every integer of its range', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 1_000_000 }), (value) => integer(0)(String(value)) === value));
  });
});

describe('integerList', () => {
  it('sorts and removes duplicates', () => {
    expect(integerList('50, 1,5,50')).toEqual([1, 5, 50]);
  });

  it.each(['', '1,', '1,0', '1;2'])('refuses %j', (text) => {
    expect(() => integerList(text)).toThrow(InvalidArgumentError);
  });
});

describe('columnMap', () => {
  const parse = columnMap(['answer', 'model']);

  it('reads field=column pairs, and accepts spaces and equals signs in columns', () => {
    expect(parse('answer=the response, model = a=b')).toEqual({ answer: 'the response', model: 'a=b' });
  });

  it.each(['', 'answer', 'answer=', 'colour=x', 'answer=a,answer=b'])('refuses %j', (text) => {
    expect(() => parse(text)).toThrow(InvalidArgumentError);
  });

  it('throws nothing but InvalidArgumentError', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parse(text);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidArgumentError);
        }
      }),
    );
  });
});
