import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { afterAll, describe, expect, it } from 'vitest';

import { describeIdentification, describeTogether } from '../../../src/cli/identify/report.js';
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
    expect(await collectTexts({ text: ['a', ' '], file }, stdin('unread'))).toEqual([
      'a',
      'from file',
      'last line without end',
    ]);
    expect(await collectTexts({}, stdin('x\ny\n'))).toEqual(['x', 'y']);
    expect(await collectTexts({ text: ['a'], file: '-' }, stdin('x\n'))).toEqual(['a', 'x']);
    expect(await collectTexts({ text: ['a'] }, stdin('unread'))).toEqual(['a']);
  });

  it('treats texts as answers to the question', async () => {
    expect(await collectTexts({ text: [' yes '], question: 'Why? ' }, stdin(''))).toEqual([
      { question: 'Why? ', answer: ' yes ' },
    ]);
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
