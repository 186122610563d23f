import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { labelRows } from '../../../src/core/row-labels.js';
import { type Dataset, openDataset } from '../../../src/datasets/dataset.js';
import { DatasetWriter } from '../../../src/datasets/dataset-writer.js';
import { encodeColumn, parseColumn } from '../../../src/datasets/shards/value-id-column.js';
import { type QaRecord, valueId } from '../../../src/records/record.js';
import { bytesOf } from '../../support/folder-bytes.js';
import { columnFiles, forgetColumns, withoutColumns, writeRecordShards } from '../../support/record-shards.js';
import { arbitraryRecord } from '../../support/records.js';
import { smallDisk } from '../../support/small-disk.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const record = (row: number, model = `m${row % 3}`): QaRecord => ({
  qid: `q${row}`,
  question: 'Why?',
  answer: `Because ${row}.`,
  model,
  lang: 'eng',
});
const FIVE = [0, 1, 2, 3, 4].map((row) => record(row));
const LABELS = labelRows(FIVE.map(valueId));

/** Writes two shards of three and two rows. */
const fiveRows = (): Promise<string> => writeRecordShards(temporaryFolder(), [FIVE.slice(0, 3), FIVE.slice(3)]);

const recordsFile = (dataset: Dataset, shard: number): string =>
  join(dataset.dir, dataset.manifest.shards[shard]!.records.file);

describe('the value ids and single records of a dataset', () => {
  it('equal those of parsed records, in new folders and in those of earlier releases', async () => {
    const name = fc.oneof(
      fc.constantFrom('', '$', 'a$b', 'x', '\ud800', '\udc00\ud800', '模型', '\u2028"\n', '__proto__'),
      fc.string({ maxLength: 5 }),
    );
    const records = fc.array(
      fc.tuple(arbitraryRecord, name, name).map(([one, model, lang]) => ({ ...one, model, lang })),
      { minLength: 1, maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(records, { minLength: 1, maxLength: 4 }),
        fc.infiniteStream(fc.nat()),
        async (shards, random) => {
          // prettier-ignore
          const dir = await writeRecordShards(temporaryFolder(), shards);
          const written = bytesOf(dir);
          const parsed = await (await openDataset(dir, { verify: true })).readRecords();
          const rows = Array.from({ length: 8 }, () => random.next().value! % parsed.length);
          const check = async (): Promise<void> => {
            const dataset = await openDataset(dir);
            expect(await dataset.readValueIds()).toEqual(labelRows(parsed.map(valueId)));
            expect(await dataset.readRecordsAt(rows)).toEqual(rows.map((row) => parsed[row]));
          };
          await check();
          withoutColumns(dir);
          await check();
          expect(bytesOf(dir)).toEqual({ ...written, 'manifest.json': expect.anything() as Buffer });
        },
      ),
      { numRuns: 15 },
    );
  });

  it.each<[what: string, damage: (file: string, other: string) => void]>([
    ['lost', (file) => rmSync(file)],
    ['empty', (file) => writeFileSync(file, '')],
    ['truncated', (file) => truncateSync(file, 40)],
    ['changed', (file) => writeFileSync(file, readFileSync(file).fill(7, 60, 61))],
    ['that of another shard', (file) => copyFileSync(join(file, '..', '00001.ids'), file)],
    ['that of another dataset', (file, other) => copyFileSync(other, file)],
  ])('are computed again and written if a column is %s', async (_, damage) => {
    const dir = await fiveRows();
    const stranger = await writeRecordShards(temporaryFolder(), [[0, 1, 2].map((row) => record(row, 'other'))]);
    const written = bytesOf(dir);
    for (const forget of [false, true]) {
      if (forget) forgetColumns(dir);
      damage(join(dir, columnFiles(dir)[0]!), join(stranger, columnFiles(stranger)[0]!));
      const dataset = await openDataset(dir);
      expect(await dataset.readValueIds()).toEqual(LABELS);
      expect(await dataset.record(2)).toEqual(FIVE[2]);
      expect(bytesOf(dir)).toEqual({ ...written, 'manifest.json': expect.anything() as Buffer });
    }
  });

  it('are not read from a column whose own checksum is valid if the manifest has another', async () => {
    const dir = await fiveRows();
    const dataset = await openDataset(dir);
    const { records, valueIds } = dataset.manifest.shards[0]!;
    const column = parseColumn(readFileSync(join(dir, valueIds!.file)), dataset.manifest.shards[0]!)!;
    const forged = encodeColumn({ ...column, labels: column.labels.toReversed() }, records);
    writeFileSync(join(dir, valueIds!.file), forged);
    expect(await dataset.readValueIds()).toEqual(LABELS);
  });

  it('are read from a read-only folder', async (context) => {
    const dir = await fiveRows();
    withoutColumns(dir);
    const disk = smallDisk(context);
    cpSync(dir, join(disk, 'dataset'), { recursive: true });
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    const dataset = await openDataset(join(disk, 'dataset'));
    expect(await dataset.readValueIds()).toEqual(LABELS);
    expect(await dataset.record(4)).toEqual(FIVE[4]);
    expect(columnFiles(disk)).toEqual([]);
  });

  it('are read by several processes at the same time, even if one was killed while writing a column', async () => {
    const dir = await fiveRows();
    const written = bytesOf(dir);
    withoutColumns(dir);
    const dataset = await openDataset(dir);
    writeFileSync(recordsFile(dataset, 1).replace('00001.jsonl', '.00001.ids.new-0123abcd'), 'half');
    const all = await Promise.all(Array.from({ length: 5 }, () => dataset.readValueIds()));
    expect(all).toEqual(all.map(() => LABELS));
    for (const file of columnFiles(dir)) expect(readFileSync(join(dir, file))).toEqual(written[file]);
  });

  it('are not written for records that differ from the manifest', async () => {
    const dir = await fiveRows();
    withoutColumns(dir);
    const dataset = await openDataset(dir);
    const path = recordsFile(dataset, 0);
    writeFileSync(path, readFileSync(path, 'utf8').replace('"m1"', '"m9"'));
    expect((await dataset.readValueIds()).names).toContain('m9$eng');
    expect(columnFiles(dir)).toEqual([expect.stringContaining('00001.ids')]);
  });

  it('are found without reading other records', async () => {
    const dataset = await openDataset(await fiveRows());
    const path = recordsFile(dataset, 0);
    writeFileSync(path, readFileSync(path, 'utf8').replace('{"qid":"q1"', '{"bad":"q1"'));
    expect(await dataset.readRecordsAt([2, 0, 4, 2])).toEqual([2, 0, 4, 2].map((row) => FIVE[row]));
    await expect(dataset.record(1)).rejects.toMatchObject({ code: 'ERR_IO' });
  });

  it.each([-1, 5, 1.5, NaN])('has no row %s', async (row) => {
    const dataset = await openDataset(await fiveRows());
    await expect(dataset.record(row)).rejects.toMatchObject({
      code: 'ERR_ARG_RANGE',
      message: `Expected an integer from 0 to 4 for "row", got ${row}`,
    });
  });

  it('stop at the signal of the caller', async () => {
    const dir = await fiveRows();
    withoutColumns(dir);
    const reading = (await openDataset(dir)).readValueIds({ signal: AbortSignal.abort() });
    await expect(reading).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect(columnFiles(dir)).toEqual([]);
  });
});

describe('adding to a dataset without columns', () => {
  it('gives the same bytes whether it was read before or not, and lists all columns', async () => {
    const [unread, read] = [await fiveRows(), await fiveRows()];
    for (const dir of [unread, read]) withoutColumns(dir);
    await (await openDataset(read)).readValueIds();
    for (const dir of [unread, read]) {
      const source = { file: 'more.jsonl', bytes: 1, sha256: 'x' };
      const encoder = { name: 'e', fingerprint: 'f', dim: 1 };
      const writer = await DatasetWriter.open(dir, { encoder, sources: [source], add: true });
      await writer.append([record(5)], new Float32Array(1));
      await writer.finish();
      const { manifest } = await openDataset(dir, { verify: true });
      expect(manifest.shards.map(({ valueIds }) => valueIds?.file).sort()).toEqual(columnFiles(dir));
      expect(manifest.valueIds).toEqual({ m0$eng: 2, m1$eng: 2, m2$eng: 2 });
    }
    expect(bytesOf(unread)).toEqual(bytesOf(read));
  });
});
