import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';
import { DatasetWriter } from '../../../../src/datasets/dataset-writer.js';
import { CHANGES_FILE, type LiveCollection } from '../../../../src/datasets/live/live-collection.js';
import type { QaRecord } from '../../../../src/records/record.js';
import { openLive as openChanged } from '../../../support/changed-dataset.js';
import { seededRandom } from '../../../support/random.js';
import { smallDisk } from '../../../support/small-disk.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const DIM = 2;
const ROWS = 6;

const record = (answer: string, model = 'm'): QaRecord => ({ qid: 'q', question: 'Why?', answer, model, lang: 'eng' });
/** Row i of the dataset is at (i, 0). */
const at = (x: number): Float32Array => Float32Array.of(x, 0);

async function writeDataset(dir: string, shift = 0): Promise<string> {
  return writeVectors(dir, (i) => [i + shift, 0]);
}

async function writeVectors(dir: string, vectorOf: (row: number) => number[]): Promise<string> {
  const writer = await DatasetWriter.open(dir, { encoder: { name: 'e', fingerprint: 'f', dim: DIM }, overwrite: true });
  const rows = Array.from({ length: ROWS }, (_, i) => i);
  await writer.append(
    rows.map((i) => record(`answer ${i}`, `m${i % 2}`)),
    Float32Array.from(rows.flatMap(vectorOf)),
  );
  await writer.finish();
  return dir;
}

async function openLive(dir: string, options?: { factory?: string; readOnly?: boolean }): Promise<LiveCollection> {
  const live = await openChanged(dir, options);
  let open = true;
  const close = live.close.bind(live);
  live.close = () => ((open = false), close());
  onTestFinished(async () => {
    if (open) await live.close();
  });
  return live;
}

const nearest = async (live: LiveCollection, x: number, k: number): Promise<number[]> => [
  ...(await live.current.search(at(x), { k })).labels,
];

describe('LiveCollection', () => {
  it.each(['Flat', 'HNSW8'])('adds, finds, removes and persists rows (%s)', async (factory) => {
    const dir = await writeDataset(temporaryFolder());
    const live = await openLive(dir, { factory });
    expect(await nearest(live, 4.1, 3)).toEqual([4, 5, 3]);
    expect(await live.add([record('new', 'other'), record('newer')], Float32Array.of(4.2, 0, 100, 0))).toBe(ROWS);
    expect(await nearest(live, 4.1, 2)).toEqual([4, 6]);
    expect(await live.current.identify(at(4.2), { k: 1 })).toMatchObject([
      { ranking: [{ valueId: 'other$eng', votes: 1, meanDistance: 0 }], neighbours: [{ row: 6 }] },
    ]);
    expect([await live.current.read(4), await live.current.read(7)]).toEqual([
      record('answer 4', 'm0'),
      record('newer'),
    ]);
    expect(await live.remove([4, 6, 4, 99])).toBe(2);
    expect(await nearest(live, 4.1, 3)).toEqual([5, 3, 2]);
    expect([live.current.size, live.current.rows]).toEqual([6, 8]);
    await live.close();

    const again = await openLive(dir, { factory });
    expect([again.current.size, again.current.rows, again.current.added, again.current.removed]).toEqual([6, 8, 2, 2]);
    expect(await nearest(again, 4.1, 6)).toEqual([5, 3, 2, 1, 0, 7]);
    expect(await again.current.read(7)).toEqual(record('newer'));
    expect(await again.add([record('newest')], at(4))).toBe(8); // numbers of removed rows are not reused
  });

  it('finds the remaining rows, even if many near ones were removed', async () => {
    const live = await openLive(await writeDataset(temporaryFolder()), { factory: 'HNSW8' });
    const random = seededRandom(1);
    const xs = Array.from({ length: 500 }, () => 10 + random());
    const first = await live.add(
      xs.map((_, i) => record(`${i}`)),
      Float32Array.from(xs.flatMap((x) => [x, 0])),
    );
    await live.remove(xs.map((_, i) => first + i).filter((row) => row % 100 !== 0));
    expect(live.current.size).toBe(ROWS + 5);
    expect((await nearest(live, 10, 7)).slice(0, 5).sort((a, b) => a - b)).toEqual([100, 200, 300, 400, 500]);
    await expect(live.current.search(at(0), { k: ROWS + 6 })).rejects.toMatchObject({
      code: 'ERR_ARG_RANGE',
      message: expect.stringContaining('11') as string,
    });
  });

  it('writes concurrent changes in order', async () => {
    const dir = await writeDataset(temporaryFolder());
    const live = await openLive(dir);
    const firsts = await Promise.all(
      Array.from({ length: 600 }, (_, i) => live.add([record(`added ${i}`)], at(1000 + i))),
    );
    expect(firsts).toEqual(firsts.map((_, i) => ROWS + i));
    await live.close();
    const again = await openLive(dir);
    expect((await again.current.read(ROWS + 599)).answer).toBe('added 599');
    expect(await nearest(again, 1599, 1)).toEqual([ROWS + 599]);
  });

  it('rejects only an invalid change', async () => {
    const live = await openLive(await writeDataset(temporaryFolder()));
    const results = await Promise.allSettled([
      live.add([record('a')], at(7)),
      live.add([record('b')], Float32Array.of(1, NaN)),
      live.add([record('c')], Float32Array.of(1, 2, 3)),
      live.add([record('d'), record('e')], at(8)),
      live.add([record('f')], at(9)),
    ]);
    expect(
      results.map((result) =>
        result.status === 'fulfilled' ? result.value : (result.reason as { code: string }).code,
      ),
    ).toEqual([ROWS, 'ERR_ARG_RANGE', 'ERR_SHAPE_MISMATCH', 'ERR_SHAPE_MISMATCH', ROWS + 1]);
  });

  // Short vectors near the mean would be neighbours of everything.
  it('takes only unit vectors if those of the dataset are', async () => {
    const live = await openLive(await writeVectors(temporaryFolder(), (i) => [Math.cos(i), Math.sin(i)]));
    await expect(live.add([record('short')], at(0.02))).rejects.toMatchObject({
      code: 'ERR_ARG_RANGE',
      message: expect.stringMatching(
        /rows of unit length \(as those of the dataset\) for "vectors", got "row 0 of length 0.0200"/,
      ) as string,
    });
    expect(await live.add([record('unit')], at(-1))).toBe(ROWS);
  });

  it('rejects a second writer, and accepts readers', async () => {
    const dir = await writeDataset(temporaryFolder());
    const live = await openLive(dir);
    await live.add([record('a')], at(7));
    await expect(openLive(dir)).rejects.toMatchObject({ code: 'ERR_BUSY' });
    const reader = await openLive(dir, { readOnly: true });
    expect(reader.current.size).toBe(ROWS + 1);
    await expect(reader.add([record('a')], at(7))).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
  });

  it('reloads during calls and changes, and loses none', async () => {
    const dir = await writeDataset(temporaryFolder());
    const live = await openLive(dir);
    let done = false;
    let searches = 0;
    const search = async (): Promise<void> => {
      while (!done) {
        expect((await live.use((collection) => collection.search(at(2), { k: 1 }))).labels[0]).toBe(2);
        searches++;
      }
    };
    const searching = search();
    const adding = (async () => {
      for (let i = 0; i < 100; i++) expect(await live.add([record(`${i}`)], at(50 + i))).toBe(ROWS + i);
    })();
    const before = live.current;
    for (let i = 0; i < 5; i++) await live.reload();
    await adding;
    done = true;
    await searching;
    expect(live.current).not.toBe(before);
    expect(searches).toBeGreaterThan(0);
    expect(live.current.size).toBe(ROWS + 100);
    await expect(before.search(at(1), { k: 1 })).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
    const [first, second] = await Promise.allSettled([live.reload(), live.reload()]);
    expect([first.status, second]).toMatchObject(['fulfilled', { reason: { code: 'ERR_BUSY' } }]);
  });

  it('keeps the old dataset if the new one does not match its changes', async () => {
    const dir = await writeDataset(temporaryFolder());
    const live = await openLive(dir);
    await live.add([record('a')], at(7));
    await writeDataset(dir, 0.5);
    await expect(live.reload()).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining(CHANGES_FILE) as string,
    });
    expect(await nearest(live, 7, 1)).toEqual([ROWS]);
    renameSync(join(dir, CHANGES_FILE), join(dir, 'away'));
    await expect(live.reload()).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('is gone') as string,
    });
    renameSync(join(dir, 'away'), join(dir, CHANGES_FILE));
    expect(await live.add([record('b')], at(8))).toBe(ROWS + 1);
  });

  it('loads a new dataset if nothing was changed', async () => {
    const dir = await writeDataset(temporaryFolder());
    const live = await openLive(dir);
    await writeDataset(dir, 0.5);
    rmSync(join(dir, CHANGES_FILE));
    await live.reload();
    expect([...(await live.current.search(at(0), { k: 1 })).distances]).toEqual([0.25]);
    expect(await live.add([record('a')], at(7))).toBe(ROWS);
    await live.close();
    expect((await openLive(dir)).current.added).toBe(1);
  });

  it('stays closed if it is closed during a reload', async () => {
    const dir = await writeDataset(temporaryFolder());
    const live = await openLive(dir);
    const reloading = expect(live.reload()).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
    await live.close();
    await reloading;
    await expect(live.add([record('a')], at(7))).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
    expect((await openLive(dir)).current.size).toBe(ROWS); // the folder is free
  });

  it('changes nothing if the disk is full', async (context) => {
    const dir = await writeDataset(join(smallDisk(context, 1), 'values'));
    const live = await openLive(dir);
    await expect(live.add([record('x'.repeat(2 ** 21))], at(7))).rejects.toMatchObject({ code: 'ERR_IO' });
    expect([live.current.size, live.failure]).toEqual([ROWS, undefined]);
    expect(await live.add([record('a')], at(7))).toBe(ROWS);
    await live.close();
  });
});
