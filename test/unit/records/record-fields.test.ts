import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { splitValueId } from '../../../src/core/value-id.js';
import { type RecordBatch, readRecords } from '../../../src/records/read-records.js';
import { type QaRecord, valueId } from '../../../src/records/record.js';
import { expectFields, fieldProblem } from '../../../src/records/record-fields.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const RECORD: QaRecord = { qid: 'q', question: 'w1?\n\0', answer: 'w2\n', model: 'org/model$1 (a)', lang: 'zho' };
const BAD: [keyof QaRecord, string, RegExp][] = [
  ['answer', ' \n', /is empty/],
  ['model', '', /is empty/],
  ['qid', 'a\nb', /U\+000A/],
  ['model', 'a\0', /U\+0000/],
  ['group', 'a\u2028b', /U\+2028/],
  ['answer', 'a\ud800b', /surrogate/],
  ['lang', 'b$c', /is "b\$c", not a language such as eng/],
  ['lang', '../..', /not a language/],
  ['lang', 'a/b', /not a language/],
  ['lang', ' eng', /not a language/],
  ['lang', 'Englsh', /is "Englsh", not a language such as eng; did you mean eng \(English\)\?$/],
  ['lang', 'foo bar', /a code of your own begins with x-/],
];

describe('fields of a record', () => {
  it.each(BAD)('refuses %s = %j', (field, text, says) => {
    expect(fieldProblem(field, text)).toMatch(says);
    expect(() => expectFields({ ...RECORD, [field]: text }, 'records[3]')).toThrow(
      new RegExp(`^records\\[3\\]\\.${field} `),
    );
  });

  it.each(['eng', 'zh-Hans', 'x-pirate', 'Brazilian Portuguese', 'español', 'हिन्दी'])(
    'accepts the language %s',
    (lang) => expect(fieldProblem('lang', lang)).toBeUndefined(),
  );

  it('are the same for files, where half a surrogate pair is replaced as before', async () => {
    const file = join(temporaryFolder(), 'answers.jsonl');
    const bad = BAD.filter(([, , says]) => !says.source.includes('surrogate'));
    const rows = [RECORD, ...bad.map(([field, text]) => ({ ...RECORD, [field]: text }))];
    writeFileSync(file, rows.map((row) => JSON.stringify(row)).join('\n'));
    const batches = [];
    for await (const batch of readRecords([file], { skipBad: true })) batches.push(batch);
    const good = batches.flatMap(({ records }) => records);
    // A blank group is none.
    expect(good).toEqual([RECORD]);
    expect(batches.flatMap(({ rejected }) => rejected)).toHaveLength(bad.length);
    await expect(readRecords([file], { defaults: { lang: 'b$c' } }).next()).rejects.toThrow(
      /^defaults\.lang is "b\$c"/,
    );
  });

  it('have one spelling of each language', async () => {
    const file = join(temporaryFolder(), 'answers.jsonl');
    writeFileSync(file, ['English', 'de-AT', null].map((lang) => JSON.stringify({ ...RECORD, lang })).join('\n'));
    const languages = async (present?: string[]) => {
      const batch = (await readRecords([file], { defaults: { lang: 'fr' }, languages: present }).next())
        .value as RecordBatch;
      return batch.records.map(({ lang }) => lang);
    };
    expect(await languages()).toEqual(['eng', 'deu', 'fra']);
    expect(await languages(['en', 'French'])).toEqual(['en', 'deu', 'French']);
  });

  it('give every pair of model and language its own value id', () => {
    const record = { model: 'a$b', lang: 'c' };
    expect(splitValueId(valueId(record))).toEqual(record);
  });
});
