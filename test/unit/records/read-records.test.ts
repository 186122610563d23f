import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ReadOptions } from '../../../src/records/read-options.js';
import { type RecordBatch, readRecords } from '../../../src/records/read-records.js';
import type { QaRecord } from '../../../src/records/record.js';
import { arbitraryRecord, toCsv, toJsonl, toParquet, writeRecords } from '../../support/records.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const FIXTURE = new URL('../../fixtures/answers-small.jsonl', import.meta.url).pathname;
const FORMATS = ['jsonl', 'jsonl.gz', 'ndjson', 'csv', 'csv.gz', 'parquet'];

const fixture = (): QaRecord[] =>
  readFileSync(FIXTURE, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as QaRecord);

async function batchesOf(paths: string | string[], options?: ReadOptions): Promise<RecordBatch[]> {
  const batches: RecordBatch[] = [];
  for await (const batch of readRecords([paths].flat(), options)) batches.push(batch);
  return batches;
}

async function recordsOf(paths: string | string[], options?: ReadOptions): Promise<QaRecord[]> {
  return (await batchesOf(paths, options)).flatMap(({ records }) => records);
}

/** Writes one file into a temporary folder. */
function fileWith(name: string, content: string | Buffer): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, content);
  return path;
}

const row = { qid: 'q1', question: 'Why?', answer: 'Because.', model: 'm', lang: 'eng' };

describe('readRecords', () => {
  it.each(FORMATS)('reads answers in many scripts from %s', async (extension) => {
    const path = join(temporaryFolder(), `answers.${extension}`);
    writeRecords(path, fixture());
    expect(await recordsOf(path)).toEqual(fixture());
  });

  it.each([
    ['answers.tsv', '\t'],
    ['answers.csv', ';'],
  ])('recognises the separator of %s by its header', async (name, separator) => {
    const lines = [Object.keys(row), Object.values({ ...row, answer: 'Yes, "no", yes, no, yes, no.' })];
    const quoted = (cell: string): string => (separator === ';' ? `"${cell.replaceAll('"', '""')}"` : cell);
    const path = fileWith(name, lines.map((cells) => cells.map(quoted).join(separator)).join('\r\n'));
    expect(await recordsOf(path)).toEqual([{ ...row, answer: 'Yes, "no", yes, no, yes, no.' }]);
  });

  it('says what to do with a JSON array', async () => {
    const array = `${JSON.stringify([row], null, 1)}\n`;
    await expect(recordsOf(fileWith('answers.json', array))).rejects.toThrow(/answers.json is JSON.*jq -c/);
    await expect(recordsOf(fileWith('a.jsonl', array))).rejects.toThrow(/a.jsonl:1: .*not valid JSON.*jq -c/);
    await expect(recordsOf(fileWith('b.jsonl', '[{}]'))).rejects.toThrow(/b.jsonl:1: .*not an object; jq -c/);
  });

  it('reads answers without question, model and language if these are optional', async () => {
    const path = fileWith('bare.jsonl', '{"answer":"Yes."}\n{"answer":"No.","question":" "}\n{"answer":"Yes."}\n');
    await expect(recordsOf(path)).rejects.toThrow(/no column "model"/);
    const [yes, no, again] = await recordsOf(path, { optional: ['question', 'model', 'lang'] });
    expect(no).toEqual({
      qid: expect.stringMatching(/^q-/) as string,
      question: '',
      answer: 'No.',
      model: '',
      lang: '',
    });
    expect(again).toEqual(yes);
    expect(no!.qid).not.toBe(yes!.qid);
  });

  it.each([
    ['jsonl.gz', 60],
    ['csv', 60],
    ['parquet', 4],
  ])('reads any Unicode text from %s', async (extension, numRuns) => {
    const folder = temporaryFolder();
    let files = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(arbitraryRecord, { minLength: 1, maxLength: 240 / numRuns }), async (records) => {
        const path = join(folder, `${files++}.${extension}`);
        writeRecords(path, records);
        expect(await recordsOf(path)).toEqual(records);
      }),
      { numRuns },
    );
  });

  it('reads folders in name order and files in the given order, and keeps batches within files', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'notes.txt'), 'not data');
    writeRecords(join(folder, 'b.csv'), [{ ...row, qid: 'b' }]);
    writeRecords(join(folder, 'a.jsonl'), [
      { ...row, qid: 'a1' },
      { ...row, qid: 'a2' },
      { ...row, qid: 'a3' },
    ]);
    writeRecords(join(folder, 'c.parquet'), [{ ...row, qid: 'c' }]);
    const batches = await batchesOf([folder, join(folder, 'b.csv')], { batchSize: 2 });
    expect(batches.map(({ records }) => records.map(({ qid }) => qid))).toEqual([
      ['a1', 'a2'],
      ['a3'],
      ['b'],
      ['c'],
      ['b'],
    ]);
    expect(batches.map(({ file }) => file)).toEqual(
      ['a.jsonl', 'a.jsonl', 'b.csv', 'c.parquet', 'b.csv'].map((name) => join(folder, name)),
    );
    const shares = batches.map(({ progress }) => progress);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
  });

  it('skips files of a folder that have no answers, if asked to', async () => {
    const folder = temporaryFolder();
    writeRecords(join(folder, 'a.jsonl'), [row]);
    writeFileSync(join(folder, 'models.csv'), 'model,developer\nm,d\n');
    writeFileSync(join(folder, 'z.jsonl'), '{"name": "m"}\n'.repeat(3));
    await expect(batchesOf(folder)).rejects.toThrow(
      /models\.csv has no column "question".*or skip files without answers \(skipBad/,
    );
    const batches = await batchesOf(folder, { skipBad: true });
    expect(batches.flatMap(({ records }) => records)).toEqual([row]);
    expect(batches.flatMap(({ rejected }) => rejected)).toEqual([
      {
        file: join(folder, 'models.csv'),
        line: 0,
        reason: expect.stringMatching(/no column "question"/) as string,
        text: '',
      },
      { file: join(folder, 'z.jsonl'), line: 0, reason: expect.stringMatching(/columns "name"$/) as string, text: '' },
    ]);
    // A file that was named itself is not skipped.
    await expect(batchesOf(join(folder, 'models.csv'), { skipBad: true })).rejects.toThrow(/no column "question"/);
  });

  it('keeps rows with equal ids, and equal rows', async () => {
    const rows = [row, { ...row, answer: 'Other.' }, row];
    expect(await recordsOf(fileWith('a.jsonl', toJsonl(rows)))).toEqual(rows);
  });

  it('ends a batch of very long answers early', async () => {
    const rows = Array.from({ length: 20 }, (_, i) => ({ ...row, qid: `q${i}`, answer: 'x'.repeat(2 ** 20) }));
    const batches = await batchesOf(fileWith('a.jsonl', toJsonl(rows)));
    expect(batches.map(({ records }) => records.length)).toEqual([8, 8, 4]);
    expect(batches.flatMap(({ records }) => records)).toEqual(rows);
  });

  it('converts numeric ids to strings, in Parquet also 64-bit ones', async () => {
    const path = fileWith(
      'a.jsonl',
      '{"qid": 7, "question": "Q", "answer": "A", "model": "m", "lang": "eng", "group": 12.5}\n',
    );
    expect(await recordsOf(path)).toMatchObject([{ qid: '7', group: '12.5' }]);
    const { parquetWriteBuffer } = await import('hyparquet-writer');
    const columnData = Object.entries({ ...row, qid: 2n ** 60n }).map(([name, value]) => ({ name, data: [value] }));
    expect(await recordsOf(fileWith('a.parquet', Buffer.from(parquetWriteBuffer({ columnData }))))).toMatchObject([
      { qid: String(2n ** 60n) },
    ]);
  });

  it('derives ids from the questions if a file has none', async () => {
    const rows = ['Why?', ' Why? ', 'How?'].map((question) => ({ question, answer: 'A', model: 'm', lang: 'eng' }));
    for (const path of [fileWith('a.jsonl', toJsonl(rows as QaRecord[])), fileWith('a.csv', toCsv(rows))]) {
      const ids = (await recordsOf(path)).map(({ qid }) => qid);
      expect(ids[0]).toMatch(/^q-[0-9a-f]{16}$/);
      expect(ids[1]).toBe(ids[0]);
      expect(ids[2]).not.toBe(ids[0]);
    }
  });

  it('leaves out an absent, empty or null group', async () => {
    const rows = [{ ...row, group: '' }, { ...row, group: null }, row, { ...row, group: 'g' }];
    expect(await recordsOf(fileWith('a.jsonl', toJsonl(rows as QaRecord[])))).toEqual([
      row,
      row,
      row,
      { ...row, group: 'g' },
    ]);
  });
});

describe('readRecords with columns and defaults', () => {
  const rows = [
    { id: 1, prompt: 'Q1', response: 'A1', llm: 'm' },
    { id: 2, prompt: 'Q2', response: 'A2', llm: 'n' },
  ];
  const columns = { qid: 'id', question: 'prompt', answer: 'response', model: 'llm' };

  it.each(['jsonl', 'csv', 'parquet'])('maps the columns of %s', async (extension) => {
    const strings = rows.map((entry) => ({ ...entry, id: String(entry.id) }));
    const content =
      extension === 'csv' ? toCsv(rows) : extension === 'jsonl' ? toJsonl(rows as never) : toParquet(strings as never);
    expect(await recordsOf(fileWith(`a.${extension}`, content), { columns, defaults: { lang: 'eng' } })).toEqual([
      { qid: '1', question: 'Q1', answer: 'A1', model: 'm', lang: 'eng' },
      { qid: '2', question: 'Q2', answer: 'A2', model: 'n', lang: 'eng' },
    ]);
  });

  it.each(['jsonl', 'csv', 'parquet'])('reports the missing and the existing columns of %s', async (extension) => {
    const strings = rows.map((entry) => ({ ...entry, id: String(entry.id) }));
    const path = fileWith(
      `a.${extension}`,
      extension === 'csv' ? toCsv(rows) : extension === 'jsonl' ? toJsonl(rows as never) : toParquet(strings as never),
    );
    await expect(recordsOf(path, { columns })).rejects.toMatchObject({
      code: 'ERR_DATA',
      message:
        `${path} has no column "lang". It has the columns "id", "prompt", "response", "llm"; specify the column that ` +
        'holds the language (columns: { lang: ... }), or set one language for all rows (defaults: { lang: ... })',
    });
    await expect(
      recordsOf(path, { columns: { ...columns, group: 'topic' }, defaults: { lang: 'eng' } }),
    ).rejects.toMatchObject({
      code: 'ERR_ARG_RANGE',
      message:
        `Expected the name of a column of ${path} for "group", got "topic". ` +
        'It has the columns "id", "prompt", "response", "llm"',
    });
  });

  it('fills empty cells with the defaults', async () => {
    const path = fileWith('a.csv', 'qid,question,answer,model,lang\n1,Q,A,m,\n2,Q,A,m,fra\n');
    expect((await recordsOf(path, { defaults: { lang: 'eng' } })).map(({ lang }) => lang)).toEqual(['eng', 'fra']);
  });

  it('finds a column that only later rows have', async () => {
    const path = fileWith('a.jsonl', toJsonl([row, { ...row, topic: 't' } as QaRecord]));
    expect((await recordsOf(path, { columns: { group: 'topic' } })).map(({ group }) => group)).toEqual([
      undefined,
      't',
    ]);
  });

  it.each([
    [{ columns: { quid: 'id' } }, 'ERR_ARG_TYPE'],
    [{ columns: { qid: 3 } }, 'ERR_ARG_TYPE'],
    [{ columns: { qid: ' ' } }, 'ERR_ARG_RANGE'],
    [{ columns: [] }, 'ERR_ARG_TYPE'],
    [{ defaults: { answer: 'x' } }, 'ERR_ARG_TYPE'],
    [{ format: 'xml' }, 'ERR_ARG_RANGE'],
    [{ batchSize: 0 }, 'ERR_ARG_RANGE'],
    [{ skipbad: true }, 'ERR_ARG_TYPE'],
  ])('refuses %j', async (options, code) => {
    await expect(recordsOf(FIXTURE, options as ReadOptions)).rejects.toMatchObject({ code });
  });
});

describe('readRecords with bad input', () => {
  const bad: [name: string, content: string | Buffer, line: number, reason: RegExp][] = [
    ['a.jsonl', `${JSON.stringify(row)}\n{"qid": "q2"\n`, 2, /not valid JSON/],
    [
      'a.jsonl',
      `${JSON.stringify(row)}\n\n${JSON.stringify({ ...row, answer: undefined })}\n`,
      3,
      /"answer" is missing/,
    ],
    ['a.jsonl', `${JSON.stringify(row)}\n${JSON.stringify({ ...row, answer: ' \t ' })}\n`, 2, /"answer" is empty/],
    [
      'a.jsonl',
      `${JSON.stringify(row)}\n${JSON.stringify({ ...row, answer: ['x'] })}\n`,
      2,
      /"answer" is an array, not a string/,
    ],
    [
      'a.jsonl',
      `${JSON.stringify(row)}\n${JSON.stringify({ ...row, model: 4 })}\n`,
      2,
      /"model" is a number, not a string/,
    ],
    ['a.jsonl', `${JSON.stringify(row)}\n${JSON.stringify({ ...row, qid: null })}\n`, 2, /"qid" is missing/],
    ['a.jsonl.gz', gzipSync(`${JSON.stringify(row)}\n[]\n`), 2, /not an object/],
    ['a.csv', `${toCsv([row])}"two\nlines",only\n`, 3, /has 2 fields, but the header has 5/],
    ['a.csv', `${toCsv([row])}q2,Q,,m,eng\n`, 3, /"answer" is empty/],
    ['a.parquet', toParquet([row, { ...row, answer: '' }]), 2, /"answer" is empty/],
  ];

  it.each(bad)(
    'stops at a bad row of %s and reports its line, or leaves it out',
    async (name, content, line, reason) => {
      const path = fileWith(name, content);
      const error: unknown = await recordsOf(path).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'ERR_DATA', message: expect.stringMatching(reason) as string });
      expect((error as Error).message.startsWith(`${path}:${line}: `)).toBe(true);
      const batches = await batchesOf(path, { skipBad: true });
      expect(batches.flatMap(({ records }) => records)).toEqual([row]);
      const rejected = batches.flatMap((batch) => batch.rejected);
      expect(rejected).toMatchObject([{ file: path, line, reason: expect.stringMatching(reason) as string }]);
      if (!name.endsWith('parquet'))
        expect(content.toString().includes(rejected[0]!.text) || name.endsWith('.gz')).toBe(true);
    },
  );

  it.each([
    ['empty.jsonl', ''],
    ['empty.csv', ''],
    ['empty.parquet', ''],
    ['empty.jsonl.gz', gzipSync('')],
    ['blank.jsonl', '\n \n\n'],
    ['header.csv', 'qid,question,answer,model,lang\n'],
    ['rows.parquet', toParquet([row]).subarray(0, 0)],
  ])('reports an empty file: %s', async (name, content) => {
    const path = fileWith(name, content);
    const good = fileWith('good.jsonl', toJsonl([row]));
    await expect(recordsOf([good, path])).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: `${path}:1: the file has no rows`,
    });
    const batches = await batchesOf([path, good], { skipBad: true });
    expect(batches[0]!.rejected).toEqual([{ file: path, line: 1, reason: 'the file has no rows', text: '' }]);
    expect(batches.flatMap(({ records }) => records)).toEqual([row]);
  });

  it('fails with the first reason if no usable row is left', async () => {
    const path = fileWith('a.jsonl', 'x\ny\n');
    await expect(recordsOf(path, { skipBad: true })).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringMatching(/no usable record.*a\.jsonl:1: the line is not valid JSON/) as string,
    });
    await expect(recordsOf([])).rejects.toMatchObject({ code: 'ERR_DATA' });
  });

  it('reports a missing file, a folder without data and an unknown format', async () => {
    const folder = temporaryFolder();
    await expect(recordsOf(join(folder, 'none.jsonl'))).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringMatching(/none\.jsonl.*no such file/) as string,
    });
    await expect(recordsOf(folder)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringMatching(/contains no supported files/) as string,
    });
    const path = fileWith('answers.txt', toJsonl([row]));
    await expect(recordsOf(path)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringMatching(/answers\.txt is unknown/) as string,
    });
    expect(await recordsOf(path, { format: 'jsonl' })).toEqual([row]);
    await expect(recordsOf(fileWith('a.csv', 'a,a\n1,2\n'))).rejects.toThrow(/"a" more than once/);
  });

  it('reports truncated and damaged compressed files, also with skipBad', async () => {
    const gzip = gzipSync(toJsonl(fixture()));
    const parquet = toParquet(fixture());
    const damaged = Buffer.from(gzip);
    damaged.fill(0x55, 1000, 1100);
    for (const [name, content] of [
      ['a.jsonl.gz', gzip.subarray(0, gzip.length - 100)],
      ['a.jsonl.gz', damaged],
      ['a.parquet', parquet.subarray(0, parquet.length - 20)],
      ['a.parquet', Buffer.concat([parquet.subarray(0, 4000), parquet.subarray(4100)])],
      ['a.parquet', Buffer.from('PAR1')],
    ] as const) {
      const path = fileWith(name, content);
      await expect(recordsOf(path, { skipBad: true })).rejects.toMatchObject({
        code: 'ERR_DATA',
        message: expect.stringContaining(path) as string,
      });
    }
  });

  it('stops at an abort and closes its files', async () => {
    const path = fileWith(
      'a.jsonl.gz',
      gzipSync(toJsonl(Array.from({ length: 5000 }, (_, i) => ({ ...row, qid: String(i) })))),
    );
    await expect(recordsOf(path, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    const controller = new AbortController();
    const seen: number[] = [];
    await expect(async () => {
      for await (const { records } of readRecords([path], { signal: controller.signal, batchSize: 10 })) {
        seen.push(records.length);
        controller.abort();
      }
    }).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect(seen).toEqual([10]);
    for await (const batch of readRecords([path])) {
      expect(batch.records.length).toBeGreaterThan(0);
      break;
    }
  });
});
