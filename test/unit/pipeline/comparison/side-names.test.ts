import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { openSource } from '../../../../src/pipeline/comparison/answer-source.js';
import { SideNames } from '../../../../src/pipeline/comparison/side-names.js';
import { writeRecords } from '../../../support/records.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const ANSWERS = ['eng', 'deu', 'zho'].map((lang) => ({ qid: 'q', question: 'Q', answer: 'A', model: 'gpt', lang }));

async function names(names: readonly string[] | undefined, langs?: readonly string[]) {
  const file = join(temporaryFolder(), 'answers.jsonl');
  writeRecords(file, ANSWERS);
  return SideNames.ofSource(await openSource(file), { by: 'lang', names, langs, signal: undefined });
}

describe('the sides of a comparison', () => {
  it('are languages in any spelling', async () => {
    expect((await names(['en', 'German'])).sides).toEqual(['eng', 'deu']);
    expect((await names(undefined, ['EN', 'Chinese'])).sides).toEqual(['eng', 'zho']);
    await expect(names(['en', 'eng'])).rejects.toThrow(/"eng" twice/);
    await expect(names(['en', 'fr'])).rejects.toThrow(/"names", got "fra"/);
  });
});
