import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type Line, LineSplitter } from '../../../../src/records/formats/line-splitter.js';

function linesOf(
  bytes: Buffer,
  cuts: readonly number[],
  maxLineBytes?: number,
): { text: string; number: number; next: number; tooLong: boolean }[] {
  const splitter = new LineSplitter(maxLineBytes);
  const lines: { text: string; number: number; next: number; tooLong: boolean }[] = [];
  const take = ({ bytes: chunk, start, end, number, next, tooLong }: Line): void =>
    void lines.push({ text: chunk.toString('latin1', start, end), number, next, tooLong });
  const offsets = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  offsets.slice(1).forEach((offset, i) => splitter.push(bytes.subarray(offsets[i], offset), take));
  splitter.end(take);
  return lines;
}

describe('LineSplitter', () => {
  it('finds the same lines, wherever the chunks are cut', () => {
    const bytes = fc
      .array(fc.constantFrom(10, 13, 97, 98, 200), { maxLength: 60 })
      .map((values) => Buffer.from(values));
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(), { maxLength: 8 }), (content, cuts) => {
        const texts = content.toString('latin1').split('\n');
        if (texts.at(-1) === '') texts.pop();
        let next = 0;
        const expected = texts.map((text, i) => {
          next = Math.min(content.length, next + text.length + 1);
          return { text, number: i + 1, next, tooLong: false };
        });
        expect(linesOf(content, cuts)).toEqual(expected);
      }),
    );
  });

  it('reports the beginning of a line above the limit and continues after it, wherever the chunks are cut', () => {
    const content = Buffer.from(`first\n${'x'.repeat(5000)}\n${'y'.repeat(2000)}\nlast`);
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 8 }), (cuts) => {
        const lines = linesOf(content, cuts, 2000);
        expect(lines.map(({ number, next, tooLong }) => [number, next, tooLong])).toEqual([
          [1, 6, false],
          [2, 5007, true],
          [3, 7008, false],
          [4, 7012, false],
        ]);
        expect(lines[1]!.text).toMatch(/^x{1,1000}$/);
        expect(lines[2]!.text).toBe('y'.repeat(2000));
        expect(lines[3]!.text).toBe('last');
      }),
    );
  });
});
