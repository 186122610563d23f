import {
  appendFileSync,
  copyFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';
import { fromFloat16, toFloat16 } from '../../../src/core/float16.js';
import { openDataset } from '../../../src/datasets/dataset.js';
import { DatasetWriter, type DatasetWriterOptions } from '../../../src/datasets/dataset-writer.js';
import type { QaRecord } from '../../../src/records/record.js';
import { bytesOf } from '../../support/folder-bytes.js';
import { randomNormal } from '../../support/random.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const DIM = 5;
const OPTIONS: DatasetWriterOptions = { encoder: { name: 'test', fingerprint: 'f00', dim: DIM } };

const records = (begin: number, end: number): QaRecord[] =>
  Array.from({ length: end - begin }, (_, i) => {
    const n = begin + i;
    return {
      qid: `q${n}`,
      question: `Why ${n}?\n`,
      answer: `Because "語" ${n}`,
      model: `m${n % 3}`,
      lang: 'eng',
      ...(n % 2 === 0 && { group: 'even' }),
    };
  });

const embeddings = (begin: number, end: number): Float32Array => randomNormal(end * DIM, 1).subarray(begin * DIM);

/** Writes rows 0 to `end` in batches of 4. */
async function writeRows(writer: DatasetWriter, end: number): Promise<void> {
  for (let row = writer.rows; row < end; row += 4) {
    const next = Math.min(end, row + 4);
    await writer.append(records(row, next), embeddings(row, next));
  }
}

async function writeDataset(dir: string, rows: number, options: Partial<DatasetWriterOptions> = {}): Promise<void> {
  const writer = await DatasetWriter.open(dir, { ...OPTIONS, ...options });
  await writeRows(writer, rows);
  await writer.finish();
}

/** Returns the path, in the dataset folder, of a file in its first folder of shards. */
function shardFile(dir: string, name: string): string {
  return join(readdirSync(dir).find((entry) => entry.startsWith('shards-'))!, name);
}

/** Lists the files of a folder that this process has open, on Linux. */
function openFiles(dir: string): string[] {
  if (!existsSync('/proc/self/fd')) return [];
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)].filter((path) => path.startsWith(dir));
    } catch {
      return []; // the descriptor of the listing itself
    }
  });
}

function changeText(path: string, from: string | RegExp, to: string): void {
  writeFileSync(path, readFileSync(path, 'latin1').replace(from, to), 'latin1');
}

describe('a dataset folder', () => {
  it.each([1, 15, 16, 17, 63])('returns %i rows in f32', async (rows) => {
    const dir = join(temporaryFolder(), 'new', 'folder');
    await writeDataset(dir, rows);
    const stems = Array.from({ length: Math.ceil(rows / 4) }, (_, i) => `0000${i}`.slice(-5));
    const names = stems.flatMap((stem) => [`${stem}.ids`, `${stem}.jsonl`, `${stem}.npy`]);
    expect(Object.keys(bytesOf(dir))).toEqual([
      'manifest.json',
      ...names.map((name) => expect.stringMatching(`^shards-[0-9a-f]{8}/${name}$`) as string),
    ]);
    const dataset = await openDataset(dir, { verify: true });
    expect([dataset.rows, dataset.dim]).toEqual([rows, DIM]);
    expect(await dataset.readEmbeddings()).toEqual(embeddings(0, rows));
    expect(await dataset.readRecords()).toEqual(records(0, rows));
    const batches: Float32Array[] = [];
    for await (const batch of dataset.embeddingBatches(16)) batches.push(batch);
    expect(batches.map(({ length }) => length / DIM)).toEqual(
      Array.from({ length: Math.ceil(rows / 16) }, (_, i) => Math.min(16, rows - 16 * i)),
    );
    expect(batches.flatMap((batch) => [...batch])).toEqual([...embeddings(0, rows)]);
    await expect(dataset.embeddingBatches(0).next()).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
  });

  it('rounds to f16 and returns float32', async () => {
    const dir = temporaryFolder();
    await writeDataset(dir, 17, { dtype: 'f16' });
    const dataset = await openDataset(dir);
    expect(await dataset.readEmbeddings()).toEqual(fromFloat16(toFloat16(embeddings(0, 17))));
    expect(dataset.manifest.shards.map(({ embeddings }) => embeddings.bytes)).toEqual(
      [4, 4, 4, 4, 1].map((rows) => 128 + rows * DIM * 2),
    );
  });

  it('has no times in its manifest, so that equal runs write equal bytes', async () => {
    const [one, two] = [temporaryFolder(), temporaryFolder()];
    const sources = [{ file: 'a.jsonl', bytes: 3, sha256: 'ab' }];
    for (const [dir, settings] of [
      [one, { a: 1, b: { c: 2, d: 3 } }],
      [two, { b: { d: 3, c: 2 }, a: 1 }],
    ] as const) {
      const writer = await DatasetWriter.open(dir, { ...OPTIONS, sources, settings });
      await writeRows(writer, 10);
      await writer.finish({ rejected: 2, duplicates: 1 });
    }
    expect(bytesOf(one)).toEqual(bytesOf(two));
    expect((await openDataset(one)).manifest).toMatchObject({
      format: 'univar-dataset',
      version: 2,
      rows: 10,
      dim: DIM,
      dtype: 'f32',
      encoder: { name: 'test', fingerprint: 'f00' },
      sources,
      settings: { a: 1 },
      valueIds: { m0$eng: 4, m1$eng: 3, m2$eng: 3 },
      rejected: 2,
      duplicates: 1,
    });
  });

  it('resumes after close, from every batch, to the same bytes', async () => {
    const whole = temporaryFolder();
    await writeDataset(whole, 18);
    for (const stop of [0, 4, 8, 16, 18]) {
      const dir = temporaryFolder();
      const first = await DatasetWriter.open(dir, OPTIONS);
      await writeRows(first, stop);
      await first.close();
      await first.close();
      const unfinished = join(dir, shardFile(dir, '.00009.npy.new-0123abcd')); // from a killed process
      writeFileSync(unfinished, 'torn');
      const second = await DatasetWriter.open(dir, OPTIONS);
      expect([second.rows, existsSync(unfinished)]).toEqual([stop, false]);
      await writeRows(second, 18);
      await second.finish();
      expect(bytesOf(dir)).toEqual(bytesOf(whole));
    }
  });

  it('keeps only complete batches after a crash, wherever a file was cut or changed', async () => {
    const [whole, half] = [temporaryFolder(), temporaryFolder()];
    await writeDataset(whole, 18);
    const writer = await DatasetWriter.open(half, OPTIONS);
    await writeRows(writer, 12);
    await writer.close();
    const damage: [file: string, change: (path: string) => void, rows: number][] = [
      ['00002.npy', (path) => truncateSync(path, 130), 8],
      ['00001.npy', (path) => appendFileSync(path, 'torn'), 4],
      ['00003.npy.partial', (path) => writeFileSync(path, 'torn'), 12],
      ['00003.npy', (path) => writeFileSync(path, 'of a shard without a line in the journal'), 12],
      ['00000.jsonl', (path) => truncateSync(path, 10), 0],
      ['00001.jsonl', (path) => writeFileSync(path, readFileSync(path, 'utf8').replace('Why 5', 'Who 5')), 4],
      ['../journal.partial', (path) => truncateSync(path, readFileSync(path).length - 1), 8],
      ['../journal.partial', (path) => truncateSync(path, 5), 0],
      [
        '../journal.partial',
        (path) =>
          appendFileSync(path, '{"rows": 1e9, "embeddings": {"file": "../../x", "bytes": 1e15, "sha256": ""}}\n'),
        12,
      ],
      ['../journal.partial', (path) => appendFileSync(path, '{"rows": -4}\nnull\n'), 12],
      ['00001.npy', (path) => rmSync(path), 4],
      // A column is computed from the records, so no batch is lost with it.
      ['00001.ids', (path) => truncateSync(path, 50), 12],
      ['00001.ids', (path) => copyFileSync(path.replace('00001', '00002'), path), 12],
      ['00000.ids', (path) => rmSync(path), 12],
      ['../journal.partial', (path) => changeText(path, /,"valueIds":\{"file".*?\}/g, ''), 12], // an earlier release's
    ];
    for (const [file, change, rows] of damage) {
      const dir = temporaryFolder();
      cpSync(half, dir, { recursive: true });
      change(join(dir, shardFile(dir, file)));
      const resumed = await DatasetWriter.open(dir, OPTIONS);
      expect(resumed.rows).toBe(rows);
      await writeRows(resumed, 18);
      await resumed.finish();
      expect(bytesOf(dir)).toEqual(bytesOf(whole));
    }
  });

  it('is a dataset after a kill following the last step, and the next writer removes the remains', async () => {
    const [whole, dir] = [temporaryFolder(), temporaryFolder()];
    await writeDataset(whole, 18);
    const writer = await DatasetWriter.open(dir, OPTIONS);
    await writeRows(writer, 18);
    await writer.close();
    const journal = readFileSync(join(dir, 'journal.partial'));
    const resumed = await DatasetWriter.open(dir, OPTIONS);
    expect(resumed.rows).toBe(18);
    await resumed.finish();
    writeFileSync(join(dir, 'journal.partial'), journal);
    cpSync(join(dir, shardFile(dir, '.')), join(dir, 'shards-00000000'), { recursive: true });
    expect((await openDataset(dir, { verify: true })).rows).toBe(18);
    await writeDataset(dir, 18, { overwrite: true });
    expect(readdirSync(dir).filter((name) => name.startsWith('shards-'))).toEqual([expect.stringMatching(/-2$/)]);
    expect(existsSync(join(dir, 'journal.partial'))).toBe(false);
    await writeDataset(dir, 18, { overwrite: true });
    expect(bytesOf(dir)).toEqual(bytesOf(whole));
  });

  it('replaces a dataset only on request, and keeps the old one until the new one is complete', async () => {
    const dir = temporaryFolder();
    await writeDataset(dir, 6);
    const before = bytesOf(dir);
    await expect(DatasetWriter.open(dir, OPTIONS)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringMatching(/already holds a complete dataset.*overwrite/) as string,
    });
    const writer = await DatasetWriter.open(dir, { ...OPTIONS, overwrite: true });
    expect(writer.rows).toBe(0);
    await writeRows(writer, 18);
    await writer.close();
    expect(bytesOf(dir)).toMatchObject(before);
    expect((await openDataset(dir, { verify: true })).rows).toBe(6);
    const resumed = await DatasetWriter.open(dir, { ...OPTIONS, overwrite: true });
    expect(resumed.rows).toBe(18);
    await resumed.finish();
    expect((await openDataset(dir, { verify: true })).rows).toBe(18);
    expect(readdirSync(dir)).toHaveLength(2);
  });

  it('rejects another configuration, and reports the differences', async () => {
    const dir = temporaryFolder();
    const writer = await DatasetWriter.open(dir, OPTIONS);
    await writeRows(writer, 8);
    await writer.close();
    const other = { ...OPTIONS, encoder: { ...OPTIONS.encoder, fingerprint: 'bar' }, dtype: 'f16' as const };
    await expect(DatasetWriter.open(dir, other)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringMatching(/unfinished dataset that differs in dtype, encoder;.*overwrite: true/) as string,
    });
    expect(existsSync(join(dir, '.lock'))).toBe(false);
    await writeDataset(dir, 8, { ...other, overwrite: true });
    expect((await openDataset(dir, { verify: true })).manifest.encoder.fingerprint).toBe('bar');
    const foreign = temporaryFolder();
    writeFileSync(join(foreign, 'rows.jsonl'), 'mine');
    await expect(DatasetWriter.open(foreign, OPTIONS)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('rows.jsonl without a manifest') as string,
    });
  });

  it('has one writer at a time', async () => {
    const dir = temporaryFolder();
    const writer = await DatasetWriter.open(dir, OPTIONS);
    await expect(DatasetWriter.open(dir, OPTIONS)).rejects.toMatchObject({ code: 'ERR_BUSY' });
    await writer.close();
    await (await DatasetWriter.open(dir, OPTIONS)).close();
  });

  it('rejects invalid batches and stays usable', async () => {
    const dir = temporaryFolder();
    await expect(DatasetWriter.open(dir, { encoder: { name: '', fingerprint: '', dim: 0 } })).rejects.toMatchObject({
      code: 'ERR_ARG_RANGE',
    });
    const writer = await DatasetWriter.open(dir, { ...OPTIONS, dtype: 'f16' });
    await expect(writer.append(records(0, 2), embeddings(0, 1))).rejects.toMatchObject({
      code: 'ERR_SHAPE_MISMATCH',
      message: 'Expected 2 x 5 = 10 entries for "embeddings", got Float32Array of length 5',
    });
    for (const value of [NaN, Infinity]) {
      const bad = embeddings(0, 2);
      bad[7] = value;
      await expect(writer.append(records(0, 2), bad)).rejects.toMatchObject({
        code: 'ERR_NON_FINITE',
        message: expect.stringContaining('row 1, column 2') as string,
      });
    }
    const large = embeddings(0, 1);
    large[0] = 65520;
    await expect(writer.append(records(0, 1), large)).rejects.toMatchObject({
      code: 'ERR_ARG_RANGE',
      message: expect.stringContaining('65504') as string,
    });
    const first = writer.append(records(0, 1), embeddings(0, 1));
    await expect(writer.append(records(1, 2), embeddings(1, 2))).rejects.toMatchObject({ code: 'ERR_BUSY' });
    await first;
    await writer.append([], new Float32Array(0));
    await writer.finish();
    await expect(writer.append(records(1, 2), embeddings(1, 2))).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
    expect((await openDataset(dir)).rows).toBe(1);
    const empty = await DatasetWriter.open(temporaryFolder(), OPTIONS);
    await expect(empty.finish()).rejects.toMatchObject({ code: 'ERR_DATA' });
    await empty.close();
  });
});

describe('openDataset', () => {
  it.each<[what: string, damage: (dir: string) => void, verify: boolean, reason: RegExp]>([
    ['is not there', (dir) => rmSync(dir, { recursive: true }), false, /does not exist/],
    [
      'is a file',
      (dir) => {
        rmSync(dir, { recursive: true });
        writeFileSync(dir, '');
      },
      false,
      /is a file; a dataset is a folder/,
    ],
    ['is not a dataset', (dir) => rmSync(join(dir, 'manifest.json')), false, /not a dataset: it has no manifest\.json/],
    ['lost a file', (dir) => rmSync(join(dir, shardFile(dir, '00001.jsonl'))), false, /00001\.jsonl: no such file/],
    [
      'was truncated',
      (dir) => truncateSync(join(dir, shardFile(dir, '00001.npy')), 200),
      false,
      /00001\.npy is truncated: expected 208 bytes, found 200/,
    ],
    [
      'has a longer file',
      (dir) => appendFileSync(join(dir, shardFile(dir, '00002.jsonl')), '\n'),
      false,
      /00002\.jsonl was changed: expected \d+ bytes, found \d+/,
    ],
    [
      'has a changed file',
      (dir) => changeText(join(dir, shardFile(dir, '00000.jsonl')), 'Why', 'Who'),
      true,
      /00000\.jsonl was changed: its SHA-256/,
    ],
    [
      'has another shape',
      (dir) => changeText(join(dir, shardFile(dir, '00000.npy')), '(4, 5)', '(5, 4)'),
      false,
      /00000\.npy holds 5 x 4 f32, but the manifest says 4 x 5 f32/,
    ],
    [
      'miscounts',
      (dir) => changeText(join(dir, 'manifest.json'), '"rows": 10', '"rows": 11'),
      false,
      /its shards have 10 rows, but "rows" is 11/,
    ],
    [
      'leads elsewhere',
      (dir) => changeText(join(dir, 'manifest.json'), /"file": "shards-/, '"file": "../shards-'),
      false,
      /shard 0 does not give/,
    ],
    [
      'has a column instead of another file',
      (dir) => changeText(join(dir, 'manifest.json'), /00001\.ids/, '00001.npy'),
      false,
      /shard 1 does not give/,
    ],
    [
      'has a broken manifest',
      (dir) => truncateSync(join(dir, 'manifest.json'), 50),
      false,
      /manifest\.json is not the manifest.*not valid JSON/,
    ],
    [
      'has a later format',
      (dir) => writeFileSync(join(dir, 'manifest.json'), '{"format": "univar-dataset", "version": 3}'),
      false,
      /version 3; this release reads versions 1 and 2/,
    ],
    [
      'has another manifest',
      (dir) => writeFileSync(join(dir, 'manifest.json'), '{"name": "x"}'),
      false,
      /"format" is not/,
    ],
    [
      'has another header',
      (dir) => copyFileSync(join(dir, shardFile(dir, '00000.jsonl')), join(dir, shardFile(dir, '00000.npy'))),
      false,
      /00000\.npy was changed/,
    ],
  ])('reports the fault of a folder that %s', async (_, damage, verify, reason) => {
    const dir = join(temporaryFolder(), 'dataset');
    await writeDataset(dir, 10);
    damage(dir);
    await expect(openDataset(dir, { verify })).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringMatching(reason) as string,
    });
  });

  it('reports that an incomplete dataset can be completed', async () => {
    const dir = temporaryFolder();
    const writer = await DatasetWriter.open(dir, OPTIONS);
    await writeRows(writer, 4);
    const expected = {
      code: 'ERR_DATA',
      message: expect.stringMatching(/unfinished.*Run the same embed again/) as string,
    };
    await expect(openDataset(dir)).rejects.toMatchObject(expected);
    await writer.close();
    await expect(openDataset(dir)).rejects.toMatchObject(expected);
  });

  it('reads rows of several files at the same time, and leaves no file open', async () => {
    const dir = temporaryFolder();
    await writeDataset(dir, 12);
    const reader = (await openDataset(dir)).openEmbeddings();
    const rows = [0, 4, 8, 1, 5, 9];
    const read = rows.map(async (row) => {
      const out = new Float32Array(DIM);
      await reader.read(row, out);
      return out;
    });
    expect(await Promise.all(read)).toEqual(rows.map((row) => embeddings(0, row + 1).slice(row * DIM)));
    await reader.close();
    expect(openFiles(dir)).toEqual([]);
  });

  it('detects a file that changes between opening and reading', async () => {
    const dir = temporaryFolder();
    await writeDataset(dir, 10);
    const dataset = await openDataset(dir);
    const path = (name: string): string => join(dir, shardFile(dir, name));
    truncateSync(path('00001.npy'), 200);
    await expect(dataset.readEmbeddings()).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('expected 208 bytes, found 200') as string,
    });
    writeFileSync(path('00001.jsonl'), `${JSON.stringify(records(0, 1)[0])}\n`);
    await expect(dataset.readRecords()).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('has 1 records') as string,
    });
    writeFileSync(path('00001.jsonl'), '{"qid": 3}\n');
    await expect(dataset.readRecords()).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('00001.jsonl:1: the line is not a record') as string,
    });
  });
});
