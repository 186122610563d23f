import { cpSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { openDataset } from '../../../../src/datasets/dataset.js';
import { DatasetFit, openFit } from '../../../../src/datasets/fits/dataset-fit.js';
import { FIT_FILE } from '../../../../src/datasets/fits/fit-manifest.js';
import { LiveCollection } from '../../../../src/datasets/live/live-collection.js';
import { openCollection } from '../../../../src/pipeline/collection/open-collection.js';
import { compactDataset } from '../../../../src/pipeline/compact-dataset.js';
import { embedDataset } from '../../../../src/pipeline/embed/embed-dataset.js';
import { loadFitEncoder } from '../../../../src/pipeline/fit/search-encoder.js';
import { readIndexDescription } from '../../../../src/pipeline/index/saved-index.js';
import { ServedDataset } from '../../../../src/pipeline/served-dataset.js';
import { makeFittedDataset, NEW_RECORD, OWN_DIM } from '../../../support/fitted-dataset.js';
import { toJsonl } from '../../../support/records.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';
import { answers } from '../../../support/trainable-encoder.js';

/** Adds and removes rows like `univar serve`. */
async function change(dir: string, encoder: string, remove: number[]): Promise<void> {
  const dataset = new ServedDataset(dir, { encoder, readOnly: false, note: () => undefined });
  const live = await LiveCollection.open({ open: () => dataset.open(), close: () => dataset.close() });
  await live.add([NEW_RECORD], new Float32Array(OWN_DIM).fill(0.125));
  await live.remove(remove);
  await live.close();
}

async function currentFit(dir: string): Promise<DatasetFit> {
  const fit = await openFit(await openDataset(dir));
  if (!(fit instanceof DatasetFit)) throw new Error(`the fit is ${String(fit)}`);
  return fit;
}

/** Expects that the fit holds the vector of every answer, that its index is current, and that no other files remain. */
async function expectComplete(dir: string): Promise<DatasetFit> {
  const fit = await currentFit(dir);
  const encoder = await loadFitEncoder(fit);
  const { embeddings } = await encoder.encode(await (await openDataset(dir)).readRecords());
  expect(await fit.readEmbeddings()).toEqual(embeddings);
  await encoder.dispose();
  expect((await readIndexDescription(fit.folder))?.embeddings).toBe(fit.embeddingsChecksum);
  const vectors = readdirSync(fit.folder).filter((name) => name.endsWith('.npy'));
  expect(vectors.sort()).toEqual(fit.manifest.shards.map(({ embeddings: { file } }) => file.split('/')[1]).sort());
  return fit;
}

describe('compactDataset with a fit', () => {
  it('encodes only new shards, by the same fit, and rebuilds the index of the fit', async () => {
    const { dir, encoder } = await makeFittedDataset(temporaryFolder());
    const before = await currentFit(dir);
    const [first, second] = before.manifest.shards.map(({ embeddings }) => join(dir, embeddings.file));
    const { ino } = statSync(first!);
    await change(dir, encoder, [44]); // in the second shard
    const progress: number[] = [];
    const events = { onFitProgress: (rows: number) => progress.push(rows) };
    expect((await compactDataset(dir, { events })).index).toMatchObject({ factory: 'Flat', chosen: true, rows: 45 });
    const fit = await expectComplete(dir);
    expect(fit.manifest.folder).toBe(before.manifest.folder);
    expect([fit.manifest.fittedRows, fit.addedSinceFit]).toEqual([44, 1]);
    expect([statSync(first!).ino, existsSync(second!), progress.at(-1)]).toEqual([ino, false, 45]);
  });

  it('keeps a complete dataset if it is interrupted, and the next call completes the fit', async () => {
    const { dir, encoder } = await makeFittedDataset(temporaryFolder());
    await change(dir, encoder, []);
    const stop = new AbortController();
    const events = { onFolded: () => stop.abort() };
    await expect(compactDataset(dir, { signal: stop.signal, events })).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect((await openDataset(dir)).rows).toBe(46);
    expect(await openFit(await openDataset(dir))).toBe('stale');
    // Meanwhile, the dataset's own vectors are searched.
    const collection = await openCollection(dir, { fit: true, encoder });
    expect([collection.isFitted, collection.hasStaleFit]).toEqual([false, true]);
    await collection.dispose();
    expect(await compactDataset(dir)).toMatchObject({ added: 0, index: { rows: 46 } });
    expect((await expectComplete(dir)).addedSinceFit).toBe(1);
  });

  it('changes nothing if fit.json is damaged', async () => {
    const { dir, encoder } = await makeFittedDataset(temporaryFolder());
    await change(dir, encoder, []);
    writeFileSync(join(dir, FIT_FILE), '{"format": ');
    await expect(compactDataset(dir)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining(join(dir, FIT_FILE)) as string,
    });
    expect((await openDataset(dir)).rows).toBe(45);
  });
});

describe('embedDataset with a fit', () => {
  it('encodes added answers by the fit, also if the first attempt was interrupted', async () => {
    const scratch = temporaryFolder();
    const { dir, encoder, file } = await makeFittedDataset(scratch);
    const former = join(scratch, FIT_FILE);
    cpSync(join(dir, FIT_FILE), former);
    const more = join(scratch, 'more.jsonl');
    writeFileSync(more, toJsonl(answers(3, 2, { seed: 9, prefix: 'more' })));
    const embed = () => embedDataset({ inputs: [file, more], out: dir, encoder });
    expect(await embed()).toMatchObject({ addedRows: 6 });
    const added = await expectComplete(dir);
    expect(added.addedSinceFit).toBe(6);
    cpSync(former, join(dir, FIT_FILE)); // as after a kill before the last step
    rmSync(join(dir, added.manifest.shards.at(-1)!.embeddings.file));
    expect(await embed()).toMatchObject({ addedRows: 0 });
    expect((await expectComplete(dir)).addedSinceFit).toBe(6);
  });

  it('removes the fit of a dataset that it replaces', async () => {
    const { dir, encoder, file } = await makeFittedDataset(temporaryFolder());
    await embedDataset({ inputs: [file], out: dir, encoder, overwrite: true });
    expect(await openFit(await openDataset(dir))).toBeUndefined();
    expect(readdirSync(dir).filter((name) => name.startsWith('fit'))).toEqual([]);
  });
});
