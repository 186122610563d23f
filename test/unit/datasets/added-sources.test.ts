import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { findAddedSources } from '../../../src/datasets/added-sources.js';
import { openDataset } from '../../../src/datasets/dataset.js';
import { DatasetWriter, type DatasetWriterOptions } from '../../../src/datasets/dataset-writer.js';
import type { SourceFile } from '../../../src/records/input-files.js';
import type { QaRecord } from '../../../src/records/record.js';
import { bytesOf } from '../../support/folder-bytes.js';
import { randomNormal } from '../../support/random.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const source = (file: string, sha256 = file): SourceFile => ({ file, bytes: 1, sha256 });
const [a, b, c] = ['a', 'b', 'c'].map((name) => source(name)) as [SourceFile, SourceFile, SourceFile];

describe('findAddedSources', () => {
  const find = (present: SourceFile[], inputs: SourceFile[], partly = false): unknown =>
    findAddedSources('values', present, inputs, partly);

  it('finds new sources at any position, and puts them after the existing ones', () => {
    expect(find([a, c], [a, b, c])).toEqual({ added: [1], sources: [a, c, b] });
    expect(find([a, c], [c, a])).toEqual({ added: [], sources: [a, c] });
    expect(find([a], [a, a])).toEqual({ added: [1], sources: [a, a] });
    expect(find([a], [c, b], true)).toEqual({ added: [0, 1], sources: [a, c, b] });
    expect(find([a], [a, b], true)).toEqual({ added: [1], sources: [a, b] });
  });

  it('reports changed or missing sources, and what to do', () => {
    expect(() => find([a, b], [source('a', 'other'), b])).toThrow(
      /values was made from different contents of a;.*separate file.*overwrite: true/,
    );
    expect(() => find([a, b, c], [b])).toThrow(
      /made from a, c, which is not among the inputs.*add: true.*overwrite: true/,
    );
    expect(() => find([a, b], [source('a', 'other')], true)).toThrow(/different contents of a/);
  });
});

const DIM = 3;
const records = (begin: number, end: number): QaRecord[] =>
  Array.from({ length: end - begin }, (_, i) => ({
    qid: `q${begin + i}`,
    question: 'Why?',
    answer: `Because ${begin + i}`,
    model: `m${i % 2}`,
    lang: 'eng',
  }));
const embeddings = (begin: number, end: number): Float32Array => randomNormal(end * DIM, 1).subarray(begin * DIM);
const options = (sources: SourceFile[], changes: Partial<DatasetWriterOptions> = {}): DatasetWriterOptions => ({
  encoder: { name: 'test', fingerprint: 'f00', dim: DIM },
  sources,
  settings: { skipBad: false, shardRows: 4 },
  add: true,
  ...changes,
});

async function write(
  dir: string,
  sources: SourceFile[],
  begin: number,
  end: number,
  changes?: Partial<DatasetWriterOptions>,
): Promise<void> {
  const writer = await DatasetWriter.open(dir, options(sources, changes));
  for (let row = writer.rows; row < end; row += 4)
    await writer.append(records(row, Math.min(end, row + 4)), embeddings(row, Math.min(end, row + 4)));
  await writer.finish();
  expect(begin).toBeLessThan(end);
}

/** Rewrites the dataset in the format of version 1. */
function toVersion1(dir: string): void {
  const manifest = JSON.parse(readFileSync(join(dir, 'manifest.json'), 'utf8')) as {
    shards: { rows: number; embeddings: { file: string }; records: { file: string } }[];
  };
  const [shard] = manifest.shards;
  cpSync(join(dir, shard!.embeddings.file), join(dir, 'embeddings.npy'));
  cpSync(join(dir, shard!.records.file), join(dir, 'rows.jsonl'));
  rmSync(join(dir, shard!.embeddings.file, '..'), { recursive: true });
  const { shards, ...rest } = manifest;
  const files = {
    'embeddings.npy': { ...shards[0]!.embeddings, file: undefined },
    'rows.jsonl': { ...shards[0]!.records, file: undefined },
  };
  writeFileSync(
    join(dir, 'manifest.json'),
    JSON.stringify({ ...rest, version: 1, settings: { skipBad: false, windowRows: 1024 }, files }),
  );
}

describe('adding to a dataset', () => {
  it('keeps the old shards unchanged, and the dataset valid until the new ones are complete', async () => {
    const dir = temporaryFolder();
    await write(dir, [a], 0, 10);
    const before = bytesOf(dir);
    const writer = await DatasetWriter.open(dir, options([a, b]));
    expect(writer.rows).toBe(10);
    await writer.append(records(10, 14), embeddings(10, 14));
    const out = new Float32Array(6 * DIM);
    await writer.read(7, out);
    expect(out).toEqual(embeddings(7, 13));
    await writer.close();
    expect((await openDataset(dir, { verify: true })).rows).toBe(10);
    await write(dir, [a, b], 14, 17);
    const dataset = await openDataset(dir, { verify: true });
    expect(await dataset.readEmbeddings()).toEqual(embeddings(0, 17));
    expect(await dataset.readRecords()).toEqual([...records(0, 10), ...records(10, 14), ...records(14, 17)]);
    expect(dataset.manifest).toMatchObject({ valueIds: { m0$eng: 9, m1$eng: 8 }, sources: [a, b] });
    const { 'manifest.json': manifest, ...shards } = before;
    expect(manifest).toBeDefined();
    expect(bytesOf(dir)).toMatchObject(shards);
    const whole = temporaryFolder();
    await write(whole, [a], 0, 10);
    await write(whole, [a, b], 10, 17);
    expect(bytesOf(dir)).toEqual(bytesOf(whole));
  });

  it('uses a dataset of version 1 as the first shard', async () => {
    const dir = temporaryFolder();
    const writer = await DatasetWriter.open(dir, options([a]));
    await writer.append(records(0, 9), embeddings(0, 9));
    await writer.finish();
    toVersion1(dir);
    const old = await openDataset(dir, { verify: true });
    expect([old.rows, old.manifest.version]).toEqual([9, 2]);
    expect(await old.readEmbeddings()).toEqual(embeddings(0, 9));
    await write(dir, [a, b], 9, 15);
    expect(readdirSync(dir).sort()).toEqual([
      'embeddings.npy',
      'manifest.json',
      'rows.ids',
      'rows.jsonl',
      expect.stringMatching(/^shards-/),
    ]);
    const grown = await openDataset(dir, { verify: true });
    expect(await grown.readEmbeddings()).toEqual(embeddings(0, 15));
    expect(grown.embeddingsChecksum).not.toBe(old.embeddingsChecksum);
    await write(dir, [c], 0, 6, { overwrite: true });
    expect(readdirSync(dir).sort()).toEqual(['manifest.json', expect.stringMatching(/^shards-/)]);
  });

  it('rejects inputs that do not continue the dataset, and changes nothing', async () => {
    const dir = temporaryFolder();
    await write(dir, [a], 0, 5);
    const before = bytesOf(dir);
    const open = (sources: SourceFile[], changes: Partial<DatasetWriterOptions>): Promise<DatasetWriter> =>
      DatasetWriter.open(dir, options(sources, changes));
    const refusal = (what: RegExp): object => ({ code: 'ERR_DATA', message: expect.stringMatching(what) as string });
    await expect(open([a, b], { dtype: 'f16' })).rejects.toMatchObject(refusal(/differs in dtype;.*overwrite: true/));
    await expect(open([a, b], { settings: { skipBad: true, shardRows: 9 } })).rejects.toMatchObject(
      refusal(/differs in settings\.skipBad;/),
    );
    await expect(open([b], {})).rejects.toMatchObject(refusal(/differs in sources;/));
    await expect(open([a, b], { add: false })).rejects.toMatchObject(refusal(/already holds a complete dataset/));
    expect(bytesOf(dir)).toEqual(before);
    const writer = await open([a, b], {});
    await writer.append(records(5, 9), embeddings(5, 9));
    await writer.close();
    await expect(open([a, c], {})).rejects.toMatchObject(
      refusal(/unfinished addition that differs in sources; complete it.*journal\.partial/),
    );
  });
});

describe('a dataset folder among the inputs', () => {
  it('is not an input itself', async () => {
    const { resolveInputs } = await import('../../../src/records/input-files.js');
    const folder = temporaryFolder();
    const row = `${JSON.stringify(records(0, 1)[0])}\n`;
    for (const name of ['b', 'b/deep', 'a', '.hidden', 'values']) mkdirSync(join(folder, name), { recursive: true });
    for (const name of [
      'z.jsonl',
      'b/2.jsonl',
      'b/deep/1.csv',
      'b/notes.md',
      'a/1.jsonl',
      '.hidden/1.jsonl',
      'values/rows.jsonl',
    ])
      writeFileSync(join(folder, name), row);
    writeFileSync(join(folder, 'values', 'manifest.json'), '{}');
    expect((await resolveInputs([folder])).map(({ name }) => name)).toEqual([
      'a/1.jsonl',
      'b/2.jsonl',
      'b/deep/1.csv',
      'z.jsonl',
    ]);
    expect((await resolveInputs([join(folder, 'b', '2.jsonl')])).map(({ name }) => name)).toEqual(['2.jsonl']);
  });
});
