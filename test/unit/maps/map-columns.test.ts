import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { mapColumns, readModelTable } from '../../../src/maps/map-columns.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const IDS = ['gpt$eng', 'gpt$fra', 'new$eng'];

async function table(csv: string): Promise<Awaited<ReturnType<typeof readModelTable>>> {
  const file = join(temporaryFolder(), 'models.csv');
  writeFileSync(file, csv);
  return readModelTable(file);
}

describe('the columns of a map', () => {
  it('are value id, model, language and the properties of models', async () => {
    expect(mapColumns(IDS, await table('model,developer\ngpt,"OpenAI, Inc."\nother,X\n'))).toEqual([
      { name: 'value-id', values: IDS, codes: [0, 1, 2] },
      { name: 'model', values: ['gpt', 'new'], codes: [0, 0, 1] },
      { name: 'lang', values: ['eng', 'fra'], codes: [0, 1, 0] },
      { name: 'developer', values: ['(unknown)', 'OpenAI, Inc.'], codes: [1, 1, 0] },
    ]);
  });

  it.each([
    { csv: 'name,developer\ngpt,X\n', says: /no column "model"; its columns are name, developer/ },
    { csv: 'model,developer\ngpt,X\ngpt,Y\n', says: /:3: the model "gpt" is listed twice/ },
    { csv: 'model,developer\ngpt\n', says: /:2: the record has 1 fields/ },
    { csv: 'model,lang\ngpt,eng\n', says: /column "lang"/ },
    { csv: 'model,developer\n', says: /no rows/ },
  ])('are rejected from a bad table of models: $says', async ({ csv, says }) => {
    await expect(table(csv)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringMatching(says) as string,
    });
  });
});
