import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readJsonl } from '../../../../src/records/formats/jsonl-reader.js';
import type { RawRow } from '../../../../src/records/formats/raw-row.js';
import { arbitraryRecord, toJsonl } from '../../../support/records.js';

async function* chunksOf(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function rowsOf(content: string | Buffer, chunkSize = 1 << 16): Promise<RawRow[]> {
  const rows: RawRow[] = [];
  for await (const block of readJsonl(chunksOf(Buffer.from(content), chunkSize))) rows.push(...block);
  return rows;
}

describe('readJsonl', () => {
  it('reads any records, wherever the chunks are cut', async () => {
    const records = fc.array(arbitraryRecord, { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(
        records,
        fc.constantFrom('\n', '\r\n', '\n\n'),
        fc.integer({ min: 1, max: 50 }),
        async (written, lineEnd, size) => {
          const rows = await rowsOf(`\uFEFF${toJsonl(written, lineEnd)}`, size);
          expect(rows.map(({ cells }) => cells)).toEqual(written);
          expect(rows.map(({ line }) => line)).toEqual(written.map((_, i) => (lineEnd === '\n\n' ? 2 * i : i) + 1));
        },
      ),
    );
  });

  it.each([
    ['{"a": 1', /not valid JSON/],
    ['[1]', /not an object/],
    ['null', /not an object/],
    ['"text"', /not an object/],
    ['{"a": NaN}', /not valid JSON/],
  ])('reports why %s is not a row', async (line, reason) => {
    const rows = await rowsOf(`{"a": 1}\n${line}\n{"a": 2}`);
    expect(rows.map(({ cells, line: number, text }) => (typeof cells === 'string' ? { number, text } : cells))).toEqual(
      [{ a: 1 }, { number: 2, text: line }, { a: 2 }],
    );
    expect(rows[1]!.cells).toMatch(reason);
  });

  it('distinguishes invalid UTF-8 from a replacement character in the file', async () => {
    const rows = await rowsOf(
      Buffer.concat([Buffer.from('{"a": "\uFFFD"}\n{"a": "'), Buffer.from([0xc3]), Buffer.from('"}\n')]),
    );
    expect(rows[0]!.cells).toEqual({ a: '\uFFFD' });
    expect(rows[1]!.cells).toMatch(/not valid UTF-8/);
  });

  it('replaces lone surrogates and keeps pairs', async () => {
    const rows = await rowsOf('{"a": "x\\ud800y", "b": ["\\udc00"], "c": "\\ud83d\\ude00", "d": "\\u00e9"}');
    expect(rows[0]!.cells).toEqual({ a: 'x\uFFFDy', b: ['\uFFFD'], c: '😀', d: 'é' });
    // The check for escapes must know both cases of every digit.
    for (const escape of ['\\uD8AB', '\\uda00', '\\uDBff', '\\udC00', '\\uDfFF'])
      expect((await rowsOf(`{"a": "${escape}"}`))[0]!.cells).toEqual({ a: '\uFFFD' });
  });
});
