import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { openDataset } from '../../../src/datasets/dataset.js';
import { DatasetWriter } from '../../../src/datasets/dataset-writer.js';
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

it('adds to a dataset of an older version in its spelling of a language', async () => {
  const folder = temporaryFolder();
  const row = (answer: string, lang: string) => ({ qid: 'q', question: 'Why?', answer, model: 'm', lang });
  const fileOf = (name: string, ...rows: object[]): string => {
    writeFileSync(join(folder, name), rows.map((one) => JSON.stringify(one)).join('\n'));
    return join(folder, name);
  };
  const first = fileOf('a.jsonl', row('Yes.', 'English'));
  const out = join(folder, 'values');
  await embedDataset({ inputs: [first], out });
  const { manifest, ...now } = await openDataset(out);
  expect(now.dir).toBe(out);
  expect(manifest.valueIds).toEqual({ m$eng: 1 });
  const { encoder, dim, settings, sources } = manifest;
  const old = { encoder: { ...encoder, dim }, settings, sources, overwrite: true };
  await using writer = await DatasetWriter.open(out, old);
  await writer.append([row('Yes.', 'English')], new Float32Array(dim).fill(dim ** -0.5));
  await writer.finish();
  await writer.close();
  const inputs = [first, fileOf('b.jsonl', row('No.', 'en'), row('Never.', 'eng'), row('Non.', 'fr-FR'))];
  await embedDataset({ inputs, out });
  expect((await openDataset(out)).manifest.valueIds).toEqual({ m$English: 3, m$fra: 1 });
});
