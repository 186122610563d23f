import { describe, expect, it } from 'vitest';

import { separateWords, toFtsQuery } from '../../../src/explore/text-search/text-query.js';

describe('a query of the text search', () => {
  it.each([
    ['freedom speech', '"freedom" AND "speech"'],
    ['"human rights" gov*', '"human rights" AND "gov" *'],
    ['tax -"flat tax" -gov', '("tax") NOT ("flat tax" OR "gov")'],
    ['"not closed', '"not closed"'],
    ["don't", '"don t"'],
    ['自由', '"自 由"'],
    ['a OR b) NEAR/2 col:x', '"a" AND "OR" AND "b" AND "NEAR 2" AND "col x"'],
    ['";DROP', '"DROP"'],
  ])('%s', (text, query) => {
    expect(toFtsQuery(text)).toBe(query);
  });

  it.each(['', '  ', '?!', '-tax', '"" *'])('needs a word: %j', (text) => {
    expect(() => toFtsQuery(text)).toThrow(/at least one word/);
  });

  it('separates the characters of scripts without spaces, and removes what SQLite ends a text at', () => {
    expect(separateWords('x自由\0y').match(/\S+/gu)).toEqual(['x', '自', '由', 'y']);
  });
});
