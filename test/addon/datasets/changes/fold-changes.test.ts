import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';

import { foldChanges } from '../../../../src/datasets/changes/fold-changes.js';
import { openDataset } from '../../../../src/datasets/dataset.js';
import { DatasetWriter } from '../../../../src/datasets/dataset-writer.js';
import { CHANGES_FILE, LiveCollection } from '../../../../src/datasets/live/live-collection.js';
import { VectorIndex } from '../../../../src/search/vector-index.js';
import { openLive, type Row, readRows, vectorsOf, writeShards } from '../../../support/changed-dataset.js';
import { SlowEncoder } from '../../../support/slow-encoder.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const rowAt = (x: number, model = 'm', answer = `answer at ${x}`): Row => ({
  record: { qid: 'q', question: 'Why?', answer, model, lang: 'eng' },
  vector: [x, 0],
});
const xs = (rows: readonly Row[]): number[] => rows.map(({ vector }) => vector[0]!);

/** Writes three shards of three rows, at 0 to 8. */
async function nineRows(dtype: 'f32' | 'f16' = 'f32'): Promise<string> {
  const dir = temporaryFolder();
  await writeShards(
    dir,
    [0, 3, 6].map((first) => [0, 1, 2].map((i) => rowAt(first + i, `m${i}`))),
    dtype,
  );
  return dir;
}

async function change(
  dir: string,
  { add = [], remove = [] }: { add?: readonly Row[]; remove?: number[] },
): Promise<void> {
  const live = await openLive(dir);
  if (add.length > 0)
    await live.add(
      add.map(({ record }) => record),
      vectorsOf(add),
    );
  if (remove.length > 0) await live.remove(remove);
  await live.close();
}

/** Expects exactly these rows, in the files of the manifest, and no other files. */
async function expectFolded(dir: string, rows: readonly Row[]): Promise<void> {
  const dataset = await openDataset(dir, { verify: true });
  expect(await dataset.readRecords()).toEqual(rows.map(({ record }) => record));
  expect(await dataset.readEmbeddings()).toEqual(vectorsOf(rows));
  const ids = rows.map(({ record: { model, lang } }) => `${model}$${lang}`);
  expect(dataset.manifest.valueIds).toEqual(
    Object.fromEntries([...new Set(ids)].sort().map((id) => [id, ids.filter((other) => other === id).length])),
  );
  const texts = rows.map(({ record }) => JSON.stringify(record));
  expect(dataset.manifest.duplicates).toBe(texts.length - new Set(texts).size);
  const named = dataset.manifest.shards.flatMap(({ embeddings, records, valueIds }) => [
    embeddings.file,
    records.file,
    valueIds!.file,
  ]);
  const there = readdirSync(dir)
    .filter((name) => name.startsWith('shards-'))
    .flatMap((name) => readdirSync(join(dir, name)).map((file) => `${name}/${file}`));
  expect(there.sort()).toEqual(named.sort());
  expect(
    readdirSync(dir)
      .filter((name) => !name.startsWith('shards-'))
      .sort(),
  ).toEqual([CHANGES_FILE, 'manifest.json']);
  const live = await openLive(dir, { readOnly: true });
  expect([live.current.size, live.current.added, live.current.removed]).toEqual([rows.length, 0, 0]);
  await live.close();
}

describe('foldChanges', () => {
  it('writes added rows after the others, leaves out removed ones, and changes no other shard', async () => {
    const dir = await nineRows();
    const [first, second] = (await openDataset(dir)).manifest.shards;
    await change(dir, { add: [rowAt(10, 'new'), rowAt(11), rowAt(11)], remove: [7, 9, 500] });
    expect(await foldChanges(dir)).toMatchObject({
      rowsBefore: 9,
      added: 2,
      removed: 1,
      shardsKept: 2,
      shardsWritten: 1,
    });
    const rows = await readRows(dir);
    expect(xs(rows)).toEqual([0, 1, 2, 3, 4, 5, 6, 8, 11, 11]);
    await expectFolded(dir, rows);
    expect((await openDataset(dir)).manifest.shards.slice(0, 2)).toEqual([first, second]);

    await change(dir, { add: [rowAt(20)], remove: [0, 1, 2, 9] }); // current row numbers
    expect(await foldChanges(dir)).toMatchObject({
      rowsBefore: 10,
      added: 1,
      removed: 4,
      shardsKept: 1,
      shardsWritten: 1,
    });
    expect(xs(await readRows(dir))).toEqual([3, 4, 5, 6, 8, 11, 20]);
    await expectFolded(dir, await readRows(dir));
  });

  it('does nothing if nothing was changed, or all changes were undone', async () => {
    const dir = await nineRows();
    const manifest = readFileSync(join(dir, 'manifest.json'), 'utf8');
    expect(await foldChanges(dir)).toMatchObject({ added: 0, removed: 0, shardsKept: 3, shardsWritten: 0 });
    expect(existsSync(join(dir, CHANGES_FILE))).toBe(false);
    await change(dir, { add: [rowAt(9)] });
    await change(dir, { remove: [9] });
    expect(await foldChanges(dir)).toMatchObject({ added: 0, removed: 0, shardsKept: 3, shardsWritten: 0 });
    expect(readFileSync(join(dir, 'manifest.json'), 'utf8')).toBe(manifest);
    await expectFolded(dir, await readRows(dir));
  });

  it('has the same rows as a plain list', async () => {
    const row = fc.record({ x: fc.integer({ min: -99, max: 99 }), model: fc.constantFrom('a', 'b') });
    const step = fc.oneof(
      fc.record({ add: fc.array(row, { minLength: 1, maxLength: 5 }) }),
      fc.record({ remove: fc.array(fc.nat(25), { minLength: 1, maxLength: 6 }) }),
      fc.constant({ fold: true }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(row, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 }),
        fc.array(step, { maxLength: 8 }),
        async (shards, steps) => {
          const toRow = ({ x, model }: { x: number; model: string }): Row => rowAt(x, model);
          const dir = temporaryFolder();
          const keeper = rowAt(1000);
          await writeShards(dir, [...shards.map((rows) => rows.map(toRow)), [keeper]]);
          let rows: (Row | undefined)[] = [...shards.flat().map(toRow), keeper];
          for (const one of [...steps, { fold: true }]) {
            if ('add' in one) {
              await change(dir, { add: one.add.map(toRow) });
              rows.push(...one.add.map(toRow));
            } else if ('remove' in one) {
              const remove = one.remove.filter((number) => rows[number] !== keeper); // one row must remain
              await change(dir, { remove });
              for (const number of remove) if (number < rows.length) rows[number] = undefined;
            } else {
              const before = rows.filter((other) => other !== undefined);
              expect(await readRows(dir)).toEqual(before);
              await foldChanges(dir);
              rows = before;
              expect(await readRows(dir)).toEqual(before);
            }
          }
          await change(dir, {}); // so that there is a journal
          await expectFolded(dir, await readRows(dir));
        },
      ),
      { numRuns: 20, seed: 3 },
    );
  });

  it.each([
    {
      what: 'usual',
      shards: [
        [0, 1, 2],
        [3, 4],
      ],
      add: [9, 10],
      remove: [1, 5],
    },
    // Embeddings are equal before and after. Only the records differ.
    { what: 'with equal vectors', shards: [[7], [7], [7]], add: [7], remove: [0] },
  ])('gives the same rows after a crash between any two steps ($what)', async ({ shards, add, remove }) => {
    const dir = temporaryFolder();
    let count = 0;
    const numbered = (x: number): Row => rowAt(x, 'm', `answer ${count++}`);
    await writeShards(
      dir,
      shards.map((rows) => rows.map(numbered)),
    );
    await change(dir, { add: add.map(numbered), remove });
    const expected = await readRows(dir);
    const before = temporaryFolder();
    cpSync(dir, before, { recursive: true });
    await foldChanges(dir);
    const [folded, empty] = [join(dir, CHANGES_FILE), `${CHANGES_FILE}.folded`];

    // Before the manifest has changed: new shards and the empty journal exist, but do not count.
    const early = temporaryFolder();
    cpSync(dir, early, { recursive: true });
    cpSync(before, early, { recursive: true });
    cpSync(folded, join(early, empty));
    // Afterwards: the old journal and old shards still exist.
    const late = temporaryFolder();
    cpSync(before, late, { recursive: true });
    cpSync(dir, late, { recursive: true });
    cpSync(folded, join(late, empty));
    cpSync(join(before, CHANGES_FILE), join(late, CHANGES_FILE));

    for (const crashed of [early, late]) {
      expect(await readRows(crashed)).toEqual(expected); // as a read-only process reads it
      expect(existsSync(join(crashed, empty))).toBe(true);
      const served = temporaryFolder();
      cpSync(crashed, served, { recursive: true });
      await change(served, { add: [rowAt(50)] });
      expect(existsSync(join(served, empty))).toBe(false);
      expect(await readRows(served)).toEqual([...expected, rowAt(50)]);
      await foldChanges(served);
      await expectFolded(served, [...expected, rowAt(50)]);
      await foldChanges(crashed);
      expect(await readRows(crashed)).toEqual(expected);
      expect(existsSync(join(crashed, empty))).toBe(false);
    }
  });

  it('stores additions in the same way as the dataset', async () => {
    const dir = await nineRows('f16');
    await change(dir, { add: [rowAt(0.1)] });
    await foldChanges(dir);
    expect(xs(await readRows(dir)).at(-1)).toBeCloseTo(0.1, 4);
    await change(dir, { add: [rowAt(70_000)] });
    const before = await readRows(dir);
    await expect(foldChanges(dir)).rejects.toMatchObject({
      code: 'ERR_ARG_RANGE',
      message: expect.stringContaining('f16') as string,
    });
    expect(await readRows(dir)).toEqual(before);
    expect(readdirSync(dir).filter((name) => name.startsWith('shards-'))).toHaveLength(2);
  });

  it('leaves a dataset that the embed command can extend', async () => {
    const dir = await nineRows();
    await change(dir, { add: [rowAt(9)], remove: [0] });
    await foldChanges(dir);
    const source = { file: 'more.jsonl', bytes: 1, sha256: 'x' };
    const writer = await DatasetWriter.open(dir, {
      encoder: { name: 'e', fingerprint: 'f', dim: 2 },
      sources: [source],
      add: true,
    });
    await writer.append([rowAt(10).record], Float32Array.of(10, 0));
    await writer.finish();
    expect(xs([...(await openDataset(dir)).manifest.shards.map(({ rows }) => rowAt(rows))])).toEqual([2, 3, 3, 1, 1]);
    renameSync(join(dir, CHANGES_FILE), join(dir, 'away'));
    expect(xs(await readRows(dir))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('rejects a folder that is in use, or is not a complete dataset', async () => {
    const dir = await nineRows();
    await change(dir, { add: [rowAt(9)] });
    const live = await openLive(dir);
    await expect(foldChanges(dir)).rejects.toMatchObject({
      code: 'ERR_BUSY',
      message: expect.stringContaining('.serve.lock') as string,
    });
    await live.close();
    const reader = await openLive(dir, { readOnly: true });
    onTestFinished(() => reader.close());

    const options = {
      encoder: { name: 'e', fingerprint: 'f', dim: 2 },
      sources: [{ file: 'more.jsonl', bytes: 1, sha256: 'x' }],
      add: true,
    };
    const writer = await DatasetWriter.open(dir, options);
    await writer.append([rowAt(20).record], Float32Array.of(20, 0));
    await expect(foldChanges(dir)).rejects.toMatchObject({ code: 'ERR_BUSY' });
    await writer.close();
    await expect(foldChanges(dir)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('unfinished') as string,
    });
    await expect(foldChanges(join(dir, 'nowhere'))).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('does not exist') as string,
    });
    const empty = temporaryFolder();
    await expect(foldChanges(empty)).rejects.toMatchObject({ code: 'ERR_DATA' });
    expect(readdirSync(empty)).toEqual([]);
    expect(xs(await readRows(dir))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('writes the empty journal before the manifest changes', async () => {
    const dir = await nineRows();
    await change(dir, { add: [rowAt(9)] });
    mkdirSync(join(dir, 'manifest.json.partial')); // blocks the new manifest
    await expect(foldChanges(dir)).rejects.toThrow();
    expect(existsSync(join(dir, `${CHANGES_FILE}.folded`))).toBe(true);
    rmSync(join(dir, 'manifest.json.partial'), { recursive: true });
    expect(xs(await readRows(dir))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await foldChanges(dir)).toMatchObject({ added: 1 });
    await expectFolded(dir, await readRows(dir));
  });

  it('prevents writes by processes that opened the dataset before', async () => {
    const dir = await nineRows();
    await change(dir, { add: [rowAt(9)] });
    const opening = LiveCollection.open({
      open: async () => {
        const dataset = await openDataset(dir);
        const index = await VectorIndex.create({ dim: 2, metric: 'l2', factory: 'Flat' });
        await index.add(await dataset.readEmbeddings());
        await foldChanges(dir);
        return { dataset, index, encoder: new SlowEncoder() };
      },
    });
    await expect(opening).rejects.toMatchObject({
      code: 'ERR_BUSY',
      message: expect.stringContaining('try again') as string,
    });
    await change(dir, { add: [rowAt(10)] }); // the folder is free
    expect(xs(await readRows(dir))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('changes nothing if no row would be left, or if it is interrupted', async () => {
    const dir = await nineRows();
    await change(dir, { remove: [0, 1, 2, 3, 4, 5, 6, 7, 8] });
    await expect(foldChanges(dir)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('No row') as string,
    });
    await change(dir, { add: [rowAt(9), rowAt(10)] });
    await expect(foldChanges(dir, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect(readdirSync(dir).filter((name) => name.startsWith('shards-'))).toHaveLength(1);
    // The next call removes the remains of a killed call.
    mkdirSync(join(dir, 'shards-01234567'));
    writeFileSync(join(dir, 'shards-01234567', '00000.npy'), 'half');
    expect(await foldChanges(dir)).toMatchObject({ added: 2, removed: 9, shardsKept: 0, shardsWritten: 1 });
    await expectFolded(dir, [rowAt(9), rowAt(10)]);
  });
});
