import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { TextTable } from '../../../src/datasets/text-table.js';

const text = (question: string, answer: string): { question: string; answer: string } => ({ question, answer });

describe('TextTable', () => {
  it('returns the first row of every text, like a Map', () => {
    const part = fc.string({ unit: fc.constantFrom('a', 'b', ' ', ':', '1'), maxLength: 4 });
    fc.assert(
      fc.property(fc.array(fc.tuple(part, part)), (texts) => {
        const table = new TextTable();
        const first = new Map<string, number>();
        texts.forEach(([question, answer], row) => {
          const key = JSON.stringify([question.trim(), answer.trim()]);
          if (!first.has(key)) first.set(key, row);
          expect(table.add(text(question, answer), row)).toBe(first.get(key));
        });
        expect(table.size).toBe(first.size);
        for (const [question, answer] of texts)
          expect(table.first(text(question, answer))).toBe(first.get(JSON.stringify([question.trim(), answer.trim()])));
        expect(table.first(text('not', 'there'))).toBeUndefined();
      }),
    );
  });

  it('keeps its rows while it grows, in 27 to 54 bytes per text', () => {
    const table = new TextTable();
    const count = 100_000;
    for (let n = 0; n < count; n++) expect(table.add(text('Why?', `${n}`), n + 4e9)).toBe(n + 4e9);
    for (let n = 0; n < count; n += 997) expect(table.add(text(' Why?\n', `${n} `), 0)).toBe(n + 4e9);
    expect(table.size).toBe(count);
    expect(table.bytes / count).toBeGreaterThan(26);
    expect(table.bytes / count).toBeLessThan(54);
  });
});
