import { describe, expect, it } from 'vitest';

import {
  firstSentence,
  firstWords,
  isLongEnough,
  withoutFormatting,
} from '../../../../bench/evidence/style/treatments.js';

describe('withoutFormatting', () => {
  it('keeps the words of lists, headings, emphasis, links, quotes and code', () => {
    const text =
      '## Two *reasons*\n\n1. **Freedom**: see [the law](https://x.org/a_b).\n2) Order\n- a `free_press`\n' +
      '   * duty\n> quoted\n\n---\n```js\ncode\n```\n(b) last';
    expect(withoutFormatting(text)).toBe('Two reasons Freedom: see the law. Order a free_press duty quoted code last');
  });

  it('keeps plain prose unchanged', () => {
    const text = 'I do not know. A well-known case, e.g. 5 - 3 = 2, snake_case; in 1990. Yes!';
    expect(withoutFormatting(text)).toBe(text);
  });
});

describe('firstSentence', () => {
  it('skips marks without letters', () => {
    expect(firstSentence('1. \n\nYes. It is wrong. No.')).toBe('Yes.');
    expect(firstSentence('I cannot help with that!\nHere is why')).toBe('I cannot help with that!');
  });

  it('keeps a text without a sentence', () => expect(firstSentence(' 42 ')).toBe('42'));
});

describe('firstWords', () => {
  it('cuts after a word', () => {
    expect(firstWords('one, two\nthree  four', 3)).toBe('one, two\nthree');
    expect(firstWords('one', 3)).toBe('one');
  });

  it('returns the same number of words of all texts that are long enough', () => {
    const text = `${'word '.repeat(39)}- last and more`;
    expect(firstWords(text).split(/\s+/)).toHaveLength(40);
    expect(isLongEnough(text)).toBe(true);
    expect(isLongEnough('**word** '.repeat(39))).toBe(false);
  });
});
