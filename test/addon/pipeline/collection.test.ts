import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { openCollection } from '../../../src/pipeline/collection/open-collection.js';
import { INDEX_FILE } from '../../../src/pipeline/index/saved-index.js';
import { makeFittedDataset } from '../../support/fitted-dataset.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

it('classifies and counts without opening an index, and then refuses to identify', async () => {
  const { dir, records } = await makeFittedDataset(temporaryFolder());
  writeFileSync(join(dir, 'fit-0001', INDEX_FILE), 'damaged');
  await expect(openCollection(dir)).rejects.toMatchObject({ code: 'ERR_DATA' });
  await using collection = await openCollection(dir, { index: 'none' });
  const { answer } = records.find(({ model }) => model === 'model-1')!;
  const [classification] = await collection.classify([answer]);
  expect(classification!.ranking[0]).toMatchObject({ valueId: 'model-1$eng' });
  expect(collection.count({ model: ['model-0', 'model-1'] })).toBe(30);
  expect(() => collection.count({ model: 'model-9' })).toThrow('known names are "model-0"');
  expect(collection.searchKind).toBe('none');
  await expect(collection.identify([answer])).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
});
