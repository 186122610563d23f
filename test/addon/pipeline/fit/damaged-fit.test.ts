import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openCollection } from '../../../../src/pipeline/collection/open-collection.js';
import { fitDataset } from '../../../../src/pipeline/fit/fit-dataset.js';
import { makeFittedDataset, QUICK_FIT } from '../../../support/fitted-dataset.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const scratch = mkdtempSync(join(tmpdir(), 'univar-damaged-fit-'));
let fitted: string;
let other: string;
beforeAll(async () => {
  fitted = (await makeFittedDataset(scratch)).dir;
  other = join(scratch, 'other');
  cpSync(fitted, other, { recursive: true });
  await fitDataset(other, { ...QUICK_FIT, seed: 2 });
});
afterAll(() => rmSync(scratch, { recursive: true }));

const FIT = 'fit-0001';

/** Changes JSON in a file, with a text of the same length so that its size does not give it away. */
function edit(path: string, from: string, to: string): void {
  const text = readFileSync(path, 'utf8');
  if (!text.includes(from)) throw new Error(`${path} has no ${from}`);
  writeFileSync(path, text.replace(from, to));
}

describe('a damaged fit', () => {
  it.each([
    { file: 'fit.json', damage: (path: string) => truncateSync(path, 100), says: /not valid JSON/ },
    { file: 'fit.json', damage: (path: string) => edit(path, 'univar-fit', 'univar-fog'), says: /"format"/ },
    { file: 'fit.json', damage: (path: string) => edit(path, '"version": 1', '"version": 2'), says: /version 2/ },
    { file: 'fit.json', damage: (path: string) => edit(path, '"rows": 45', '"rows": 46'), says: /45 rows/ },
    { file: 'fit.json', damage: (path: string) => edit(path, `"${FIT}"`, '"../away"'), says: /"folder"/ },
    { file: `${FIT}/model.safetensors`, damage: (path: string) => truncateSync(path, 999), says: /truncated/ },
    {
      file: `${FIT}/config.json`,
      damage: (path: string) => edit(path, 'ngrams-1', 'ngrams-2'),
      says: /features "ngrams-2"/,
    },
    {
      file: FIT,
      damage: (path: string) => cpSync(join(other, 'fit-0002/model.safetensors'), join(path, 'model.safetensors')),
      says: /is not the encoder that was fitted/,
    },
  ])('is reported with the file: $file, $says', async ({ file, damage, says }) => {
    const dir = join(temporaryFolder(), 'values');
    cpSync(fitted, dir, { recursive: true });
    damage(join(dir, file));
    const error: unknown = await openCollection(dir).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ERR_DATA', message: expect.stringMatching(says) as string });
    expect((error as Error).message).toContain(join(dir, file));
    await fitDataset(dir, QUICK_FIT); // a new fit repairs it
    await (await openCollection(dir)).dispose();
  });

  it('is reported if vectors are truncated', async () => {
    const dir = join(temporaryFolder(), 'values');
    cpSync(fitted, dir, { recursive: true });
    const { shards } = JSON.parse(readFileSync(join(dir, 'fit.json'), 'utf8')) as {
      shards: [{ embeddings: { file: string } }];
    };
    const path = join(dir, shards[0].embeddings.file);
    truncateSync(path, 500);
    await expect(openCollection(dir)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining(`${path} is truncated`) as string,
    });
  });
});

describe('two fits at once', () => {
  it('refuses the second, and the first succeeds', async () => {
    const dir = join(temporaryFolder(), 'values');
    cpSync(fitted, dir, { recursive: true });
    const [first, second] = await Promise.allSettled([fitDataset(dir, QUICK_FIT), fitDataset(dir, QUICK_FIT)]);
    const refused = [first, second].filter(({ status }) => status === 'rejected');
    expect(refused).toMatchObject([{ reason: { code: 'ERR_BUSY' } }]);
  });
});
