import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { openDataset } from '../../../src/datasets/dataset.js';
import { DEFAULT_ENCODER } from '../../../src/encoder/default-encoder.js';
import { loadEncoder } from '../../../src/encoder/load-encoder.js';
import { embedDataset } from '../../../src/pipeline/embed/embed-dataset.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

it('embeds answers without questions', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'answers.csv');
  const out = join(folder, 'values');
  writeFileSync(file, 'answer;model;lang\nYes, always.;m;eng\nNo.;n;eng\n');
  await expect(embedDataset({ inputs: [file], out })).rejects.toThrow(/no column "question"/);
  await embedDataset({ inputs: [file], out, optional: ['question'] });
  const dataset = await openDataset(out);
  expect((await dataset.readRecordsAt([0, 1])).map(({ question }) => question)).toEqual(['', '']);
  await using encoder = await loadEncoder(DEFAULT_ENCODER);
  const { embeddings } = await encoder.encode(['Yes, always.', 'No.']);
  for await (const batch of dataset.embeddingBatches(2)) expect([...batch]).toEqual([...embeddings]);
});
