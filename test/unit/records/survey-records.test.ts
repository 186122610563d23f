import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';
import { DuplicateCounter } from '../../../src/records/duplicate-counter.js';
import { describeSources } from '../../../src/records/input-files.js';
import { surveyRecords } from '../../../src/records/survey-records.js';
import { toJsonl, writeRecords } from '../../support/records.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const row = { qid: 'q1', question: 'Why?', answer: 'Because.', model: 'b', lang: 'eng' };

describe('surveyRecords', () => {
  it('counts rows, bad rows, duplicates and value ids, and lists the sources', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'a.jsonl');
    writeFileSync(path, `${toJsonl([row, { ...row, model: 'a' }, row, { ...row, answer: 'Other.' }])}bad\n`);
    writeRecords(join(folder, 'b.csv'), [row]);
    await expect(surveyRecords([folder])).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('a.jsonl:5: ') as string,
    });
    const survey = await surveyRecords([folder], { skipBad: true });
    expect(survey).toMatchObject({ rows: 5, rejected: 1, duplicates: 2, valueIds: { a$eng: 1, b$eng: 4 } });
    expect(survey.sources).toEqual(await describeSources([folder]));
    const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
    expect(survey.sources[0]).toEqual({ file: 'a.jsonl', bytes: statSync(path).size, sha256 });
    await expect(describeSources([folder], undefined, AbortSignal.abort())).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
  });
});

describe('DuplicateCounter', () => {
  it('finds equal records among many, even after growing', () => {
    const counter = new DuplicateCounter();
    const add = (n: number): boolean => counter.add({ ...row, qid: `q${n}` });
    for (let n = 0; n < 20_000; n++) expect(add(n)).toBe(false);
    for (let n = 0; n < 20_000; n += 7) expect(add(n)).toBe(true);
    expect(counter.duplicates).toBe(Math.ceil(20_000 / 7));
  });

  it('does not confuse fields', () => {
    const counter = new DuplicateCounter();
    for (const record of [
      row,
      { ...row, group: 'x' },
      { ...row, question: 'Why?B', answer: 'ecause.' },
      { ...row, model: 'eng', lang: 'b' },
      { ...row, answer: 'Because.\0' },
    ]) {
      expect(counter.add(record)).toBe(false);
    }
    expect(counter.add({ lang: 'eng', model: 'b', answer: 'Because.', question: 'Why?', qid: 'q1' })).toBe(true);
  });
});
