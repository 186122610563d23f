import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { afterAll, describe, expect, it } from 'vitest';

import { describeIdentification } from '../../../src/cli/identify/report.js';
import { collectTexts } from '../../../src/cli/identify/texts.js';
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

  it.each([40, 80, 200])('keeps within %i columns', (width) => {
    for (const line of describeIdentification(report, width).split('\n'))
      expect(line.length).toBeLessThanOrEqual(width);
  });
});
