import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type CsvRecord, CsvSplitter } from '../../../../src/records/formats/csv-splitter.js';
import { toCsv } from '../../../support/records.js';

function split(bytes: Buffer, cuts: readonly number[] = [], maxRecordBytes?: number): CsvRecord[] {
  const splitter = new CsvSplitter(maxRecordBytes);
  const offsets = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const records = offsets.slice(1).flatMap((offset, i) => splitter.push(bytes.subarray(offsets[i], offset)));
  return [...records, ...splitter.end()];
}

const cell = fc.string({ unit: fc.constantFrom('a', 'é', '語', '"', ',', '\n', '\r\n', ' ', '😀'), maxLength: 6 });
const table = fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 6 });
const cuts = fc.array(fc.nat(), { maxLength: 8 });

describe('CsvSplitter', () => {
  it('reads written records like csv-parse, wherever the chunks are cut', () => {
    fc.assert(
      fc.property(table, fc.constantFrom('\n', '\r\n'), fc.boolean(), cuts, (rows, lineEnd, endsOpen, at) => {
        const text = toCsv([{ x: 'x', y: 'y', z: 'z' }, ...rows.map(([x, y, z]) => ({ x, y, z }))], lineEnd);
        const bytes = Buffer.from(endsOpen ? text.slice(0, -lineEnd.length) : text);
        const fields = split(bytes, at).map((record) => record.fields);
        expect(fields.slice(2)).toEqual(rows);
        expect(fields).toEqual(parse(bytes, { record_delimiter: lineEnd }));
      }),
    );
  });

  it('returns the same records and problems for any bytes, wherever the chunks are cut', () => {
    const bytes = fc
      .array(fc.constantFrom(34, 34, 44, 10, 13, 97, 0xc3, 0xa9), { maxLength: 60 })
      .map((values) => Buffer.from(values));
    fc.assert(
      fc.property(bytes, cuts, (content, at) => {
        const whole = split(content);
        expect(split(content, at)).toEqual(whole);
        const text = content.toString('latin1');
        for (const { line } of whole) expect(line).toBeLessThanOrEqual(text.split('\n').length);
        expect(whole.map(({ line }) => line)).toEqual(
          [...new Set(whole.map(({ line }) => line))].sort((a, b) => a - b),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('numbers the lines of the file, including line breaks in fields and blank lines', () => {
    const text = 'a,b\r\n\r\n"one\r\ntwo\nthree",1\r\n2,3';
    expect(split(Buffer.from(text))).toEqual([
      { line: 1, fields: ['a', 'b'], text: 'a,b' },
      { line: 3, fields: ['one\r\ntwo\nthree', '1'], text: '"one\r\ntwo\nthree",1' },
      { line: 6, fields: ['2', '3'], text: '2,3' },
    ]);
  });

  it.each([
    ['1,"x"y\n2,3\n', /after a closing quote/],
    ['1,x"y"\n2,3\n', /unquoted field contains a quote/],
    ['1,"x\n2,3\n', /never closed/],
    ['1,\xff\n2,3\n', /not valid UTF-8/],
  ])('reports the fault of %j and continues at the next line', (text, problem) => {
    const records = split(Buffer.from(text, 'latin1'));
    expect(records).toHaveLength(2);
    expect(records[0]!.fields).toMatch(problem);
    expect(records[0]!.line).toBe(1);
    expect(records[1]).toEqual({ line: 2, fields: ['2', '3'], text: '2,3' });
  });

  it('takes a record as long as the limit, line feed included', () => {
    const [atLimit, beyond] = [9, 10].map((length) => split(Buffer.from(`${'x'.repeat(length)}\n`), [], 10));
    expect(atLimit!.map(({ fields }) => fields)).toEqual([['x'.repeat(9)]]);
    expect(beyond![0]!.fields).toMatch(/longer than 10 bytes/);
  });

  it('leaves out a record above the limit, wherever the chunks are cut', () => {
    const content = Buffer.from(`a,b\n1,${'x'.repeat(300)}\n2,"open\n${'3,4\n'.repeat(60)}`);
    fc.assert(
      fc.property(cuts, (at) => {
        const records = split(content, at, 200);
        expect(records.map(({ line }) => line)).toEqual(Array.from({ length: 63 }, (_, i) => i + 1));
        expect(records[1]!.fields).toMatch(/longer than 200 bytes/);
        expect(records[2]!.fields).toMatch(/longer than 200 bytes/);
        expect(records.slice(3).every(({ fields }) => fields[0] === '3')).toBe(true);
      }),
    );
  });

  it('skips a byte order mark, also in front of a quote', () => {
    fc.assert(
      fc.property(cuts, (at) => {
        expect(split(Buffer.from('\uFEFF"a",b\n'), at)[0]!.fields).toEqual(['a', 'b']);
      }),
    );
    expect(split(Buffer.from('a'))[0]!.fields).toEqual(['a']);
    expect(split(Buffer.alloc(0))).toEqual([]);
  });
});
