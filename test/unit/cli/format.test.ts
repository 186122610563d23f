import { describe, expect, it } from 'vitest';

import {
  excerpt,
  excerptAround,
  formatBytes,
  formatCount,
  formatDuration,
  formatPercent,
  formatRate,
  formatTable,
  wrap,
} from '../../../src/cli/format.js';

describe('numbers for people', () => {
  it('groups thousands and rounds', () => {
    expect([0, 999, 1000, 1234567.6].map(formatCount)).toEqual(['0', '999', '1,000', '1,234,568']);
    expect([0.04, 99.94, 100, 1234.5].map(formatRate)).toEqual(['0.0', '99.9', '100', '1,235']);
    expect(formatPercent(0.1234)).toBe('12.3 %');
  });

  it('formats durations without overflowing units', () => {
    expect([0, 9.94, 9.96, 59.4, 59.6, 60, 3599.6, 7383].map(formatDuration)).toEqual([
      '0.0 s',
      '9.9 s',
      '10 s',
      '59 s',
      '1:00',
      '1:00',
      '1:00:00',
      '2:03:03',
    ]);
  });

  it('formats bytes', () => {
    expect([0, 1023, 1024, 1.5 * 2 ** 30, 2 ** 60].map(formatBytes)).toEqual([
      '0 B',
      '1023 B',
      '1.0 KiB',
      '1.5 GiB',
      '1048576.0 TiB',
    ]);
  });
});

describe('tables and excerpts', () => {
  it('aligns text left and numbers right, without trailing blanks', () => {
    expect(
      formatTable([
        ['value id', 'votes', 'note'],
        ['a$eng', '7', ''],
        ['long-model$fra', '12', 'x'],
      ]),
    ).toBe(['value id        votes  note', 'a$eng               7', 'long-model$fra     12  x'].join('\n'));
  });

  it('cuts by characters, not UTF-16 units, and folds white space', () => {
    expect(wrap('aa bb ccccccc d', 5)).toEqual(['aa bb', 'ccccccc', 'd']);
    expect(excerpt('  a\n\n b\tc ', 10)).toBe('a b c');
    expect(excerpt('😀😀😀😀', 3)).toBe('😀😀…');
    expect(excerpt('abcd', 4)).toBe('abcd');
  });

  it('keeps the part around a phrase', () => {
    const text = 'one two\n\nthree 😀 four five';
    const around = (phrase: string, width: number): string => {
      const start = text.indexOf(phrase);
      return excerptAround(text, { start, end: start + phrase.length }, width);
    };
    expect(around('😀', 7)).toBe('…e 😀 f…');
    expect(around('five', 9)).toBe('…our five');
    expect(around('one', 9)).toBe('one two …');
    expect(around('three', 4)).toBe('…th…');
    expect(around('three', 80)).toBe(excerpt(text, 80));
    expect(excerptAround(text, undefined, 5)).toBe('one …');
  });
});
