import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { afterAll, describe, expect, it } from 'vitest';

import { describeIdentification, describeTogether } from '../../../src/cli/identify/report.js';
import { identificationCsv, identificationTable } from '../../../src/cli/identify/table.js';
import { collectTexts } from '../../../src/cli/identify/texts.js';
import { markPhrases } from '../../../src/cli/identify/why.js';
import type { IdentifiedText } from '../../../src/pipeline/collection/collection.js';

const scratch = mkdtempSync(join(tmpdir(), 'univar-texts-'));
afterAll(() => rmSync(scratch, { recursive: true }));

describe('collectTexts', () => {
  const stdin = (text: string): Readable => Readable.from([Buffer.from(text)]);

  it('reads texts from options, a file and standard input, one per line, without blank lines', async () => {
    const file = join(scratch, 'texts.txt');
    writeFileSync(file, 'from file\r\n\n  \nlast line without end');
    expect((await collectTexts({ text: ['a', ' '], file }, stdin('unread'))).texts).toEqual([
      'a',
      'from file',
      'last line without end',
    ]);
    expect((await collectTexts({}, stdin('x\ny\n'))).texts).toEqual(['x', 'y']);
    expect((await collectTexts({ text: ['a'], file: '-' }, stdin('x\n'))).texts).toEqual(['a', 'x']);
    expect((await collectTexts({ text: ['a'] }, stdin('unread'))).texts).toEqual(['a']);
  });

  it('treats texts as answers to the question', async () => {
    expect((await collectTexts({ text: [' yes '], question: 'Why? ' }, stdin(''))).texts).toEqual([
      { question: 'Why? ', answer: ' yes ' },
    ]);
  });

  it('reads rows with an answer and perhaps a question, model and language from files and standard input', async () => {
    const file = join(scratch, 'survey.csv');
    writeFileSync(file, 'prompt,response,model\nWhy?,Because.,gpt-4o\n,Never.,\n');
    const columns = { question: 'prompt', answer: 'response' };
    const { texts, records } = await collectTexts({ file, columns, question: 'What?' }, stdin(''));
    expect(texts).toEqual([
      { question: 'Why?', answer: 'Because.' },
      { question: 'What?', answer: 'Never.' },
    ]);
    expect(records!.map(({ model, lang }) => [model, lang])).toEqual([
      ['gpt-4o', ''],
      ['', ''],
    ]);
    const notes: string[] = [];
    const rows = '{"answer":"Yes."}\n{"answer":1}\n';
    const read = await collectTexts({ format: 'jsonl', skipBad: true }, stdin(rows), (text) => notes.push(text));
    expect(read.texts).toEqual(['Yes.']);
    expect(notes).toEqual([expect.stringMatching(/skipped 1 bad row; .*:2: "answer" is a number/)]);
  });

  it('does not take rows for plain text unless told to', async () => {
    const rows = '{"answer":"Yes."}\n';
    await expect(collectTexts({}, stdin(rows))).rejects.toThrow(/standard input are JSON objects.*jsonl/);
    expect((await collectTexts({ format: 'text' }, stdin(rows))).texts).toEqual([rows.trim()]);
    await expect(collectTexts({ skipBad: true }, stdin('x'))).rejects.toThrow(/file with rows for "skipBad"/);
  });

  it('reports what is missing', async () => {
    await expect(collectTexts({}, stdin('\n'))).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('standard input') as string,
    });
    await expect(collectTexts({ file: join(scratch, 'nowhere') }, stdin(''))).rejects.toMatchObject({ code: 'ENOENT' });
    const terminal = Object.assign(stdin(''), { isTTY: true });
    await expect(collectTexts({}, terminal)).rejects.toMatchObject({ code: 'ERR_ARG_TYPE' });
  });
});

describe('tables of identified rows', () => {
  const ranking = [{ valueId: 'a$eng', model: 'a', lang: 'eng', votes: 2, share: 0.5, meanDistance: 0.25 }];
  const record = { qid: 'q1', question: 'Why?', answer: 'x, "y"\nz', model: 'a', lang: '' };
  const classification = { unknown: 0.75, ranking: [{ valueId: 'b$eng', model: 'b', lang: 'eng', probability: 0.25 }] };
  const rows = [
    { text: { question: 'Why?', answer: record.answer }, record, classification, ranking },
    { text: 'word '.repeat(50), ranking },
  ];

  it('has one line per row', () => {
    const [heading, first, second] = identificationTable(rows, 80).split('\n');
    expect(heading).toMatch(/^row {2}value id {7}probability {2}in the file {2}answer$/);
    expect(first).toMatch(/^1 {4}none of these +75.0 % {2}a +x, "y" z$/);
    expect(second).toMatch(/^2 {4}a\$eng +50.0 % {2}- +word .*…$/);
    expect(second!.length).toBeLessThanOrEqual(80);
  });

  it('keeps complete texts in CSV', () => {
    expect(identificationCsv(rows).split('\n').slice(1, 3)).toEqual([
      '1,q1,Why?,"x, ""y""',
      'z",a,,none of these,0.75,0.75,a$eng,0.5,0.25',
    ]);
  });
});

describe('describeIdentification', () => {
  const ranking = ['a$eng', 'b$eng', 'c$eng', 'd$eng', 'e$eng', 'f$fra'].map((valueId, i) => {
    const [model = '', lang = ''] = valueId.split('$');
    return { valueId, model, lang, votes: 6 - i, share: (6 - i) / 21, meanDistance: 0.5 + i / 100 };
  });
  const report: IdentifiedText = {
    text: 'word '.repeat(50),
    ranking,
    neighbours: Array.from({ length: 21 }, (_, row) => ({ row, distance: 0.5, valueId: 'a$eng' })),
    evidence: [{ row: 0, distance: 0.5, valueId: 'a$eng', qid: 'q', question: 'why\n\nso?', answer: 'x'.repeat(300) }],
  };

  it('shows the best value ids, the number of others, and the evidence', () => {
    const text = describeIdentification(report, 80);
    expect(text).toContain('  a$eng         6  28.6 %          0.500');
    expect(text).toContain('and 1 more; 21 answers voted');
    expect(text).toContain('         Q: why so?');
    expect(text).not.toContain('f$fra');
  });

  it('shows as much of the nearest answers as requested, around the phrase that counts', () => {
    const answer = `${'so '.repeat(40)}mark my words ${'and '.repeat(40)}`;
    const phrase = { text: 'mark my words', start: 120, end: 133, effect: 1 };
    const nearest = { ...report.evidence[0]!, question: '', answer, phrase };
    const text = describeIdentification({ ...report, evidence: [nearest] }, 60);
    expect(text).toMatch(/^ {9}A: ….*mark my words.*…$/m);
    expect(text).not.toContain('Q:');
    const long = describeIdentification({ ...report, evidence: [nearest] }, 60, { textLength: 200 });
    expect(long.split('\n').slice(-5).join(' ').replace(/\s+/g, ' ')).toContain(' so so mark my words and and ');
    expect(
      long
        .split('\n')
        .slice(-4)
        .every((line) => line.length <= 60),
    ).toBe(true);
  });

  const why = {
    valueId: 'a$eng',
    for: [{ text: 'mark my\n\nwords', start: 5, end: 19, effect: 0.5 }],
    against: [{ text: 'I', start: 0, end: 1, effect: -0.25 }],
  };
  const likely = ranking.map((entry, i) => ({ ...entry, probability: i === 0 ? 0.5 : 0.05 }));

  it('says first which value id is most probable, or that none fits, and always how probable none is', () => {
    const known = describeIdentification({ ...report, classification: { unknown: 0.25, ranking: likely }, why }, 80);
    const lines = known.split('\n');
    expect(lines[2]).toBe('Most probable value id: a$eng (50.0 %)');
    expect(lines[5]).toBe('  a$eng               50.0 %');
    expect(lines.slice(10, 12)).toEqual(['  none of these       25.0 %', '  and 1 more with 5.0 % in total']);
    expect(known).toContain('     +0.500  "mark my\\n\\nwords"');
    expect(known).toContain('     -0.250  "I"');

    const none = describeTogether([{ text: 'a' }, { text: 'b' }], { unknown: 0.6, ranking: likely }, 80).split('\n');
    expect(none.slice(0, 3)).toEqual(['2 texts of one author', '  a', '  b']);
    expect(none[4]).toBe('No value id of this dataset fits (none of these: 60.0 %)');
    expect(none[7]).toMatch(/^ {2}none of these +60\.0 %$/);

    const few = describeTogether([{ text: 'a' }], { unknown: null, ranking: likely }, 80);
    expect(few).toMatch(/\n {2}none of these: not known, .*$/);
    expect(describeTogether([{ text: 'a' }], { unknown: 1, ranking: [] }, 80, 'that matches the filter')).toContain(
      'No value id that matches the filter fits (none of these: 100.0 %)',
    );
  });

  it('marks phrases for a terminal', () => {
    expect(markPhrases('I say mark my words', { ...why, for: [{ text: 'mark', start: 6, end: 10, effect: 1 }] })).toBe(
      '\x1b[4mI\x1b[24m say \x1b[1mmark\x1b[22m my words',
    );
  });

  it.each([40, 80, 200])('keeps within %i columns', (width) => {
    const classification = { unknown: 0.25, ranking: likely };
    for (const line of describeIdentification({ ...report, classification, why }, width).split('\n'))
      expect(line.length).toBeLessThanOrEqual(width);
  });
});
