import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parse } from 'csv-parse/sync';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openDataset } from '../../../src/datasets/dataset.js';
import { DatasetWriter } from '../../../src/datasets/dataset-writer.js';
import { exportDataset } from '../../../src/datasets/export/export-dataset.js';
import type { QaRecord } from '../../../src/records/record.js';

const DIM = 3;
/** More than are in memory at once. */
const ROWS = 5000;
const folder = mkdtempSync(join(tmpdir(), 'univar-export-'));
afterAll(() => rmSync(folder, { recursive: true }));
const dir = join(folder, 'values');
const records = Array.from({ length: ROWS }, (_, i): QaRecord => {
  const text = { question: 'Why, "then"?', answer: `Line ${i}\nand é 😀` };
  return { qid: `q${i}`, ...text, model: `m$${i % 3}`, lang: 'eng', ...(i % 2 && { group: 'g' }) };
});
// Every exponent of float32, and numbers that need all nine digits.
const vectors = Float32Array.from({ length: ROWS * DIM }, (_, i) => (1 + Math.sin(i) / 3) * 2 ** ((i % 250) - 130));
const bytesOf = (numbers: ArrayLike<number>) => Buffer.from(Float32Array.from(numbers).buffer);
const COLUMNS = ['valueId', 'qid', 'question', 'answer', 'model', 'lang', 'group'];
/** The columns without vectors. CSV has no null. */
const answerOf = (row: Record<string, unknown>) =>
  Object.fromEntries(COLUMNS.map((name) => [name, row[name] === '' ? null : row[name]]));
const expected = records.map(({ group = null, ...record }) => {
  return { valueId: `${record.model}$${record.lang}`, ...record, group };
});

beforeAll(async () => {
  await using writer = await DatasetWriter.open(dir, { encoder: { name: 'e', fingerprint: 'f', dim: DIM } });
  for (let row = 0; row < ROWS; row += 1700)
    await writer.append(records.slice(row, row + 1700), vectors.slice(row * DIM, (row + 1700) * DIM));
  await writer.finish();
});

describe('exportDataset', () => {
  it('writes Parquet with every answer and every bit of the vectors', async () => {
    const out = join(folder, 'values.parquet');
    const shown: number[] = [];
    const options = { to: 'parquet', onProgress: (rows: number) => shown.push(rows) } as const;
    const result = await exportDataset(dir, out, options);
    expect(result).toEqual({ rows: ROWS, dim: DIM, bytes: readFileSync(out).length });
    expect(shown).toEqual([4096, ROWS]);
    const file = await asyncBufferFromFile(out);
    expect((await parquetMetadataAsync(file)).row_groups.map(({ num_rows }) => Number(num_rows))).toEqual([4096, 904]);
    const rows: Record<string, unknown>[] = await parquetReadObjects({ file });
    expect(rows.map(answerOf)).toEqual(expected);
    expect(bytesOf(rows.flatMap(({ vector }) => vector as number[])).equals(bytesOf(vectors))).toBe(true);
  });

  it('writes CSV with every answer and every bit of the vectors', async () => {
    const out = join(folder, 'values.csv');
    await exportDataset(await openDataset(dir), out, { to: 'csv' });
    const rows: Record<string, unknown>[] = parse(readFileSync(out), { columns: true });
    expect(rows.map(answerOf)).toEqual(expected);
    const numbers = rows.flatMap(({ v0, v1, v2 }) => [v0, v1, v2].map(Number));
    expect(bytesOf(numbers).equals(bytesOf(vectors))).toBe(true);
  });

  it('leaves vectors out on request', async () => {
    for (const to of ['parquet', 'csv'] as const)
      await exportDataset(dir, join(folder, `a.${to}`), { to, vectors: false });
    const file = await asyncBufferFromFile(join(folder, 'a.parquet'));
    expect(await parquetReadObjects({ file })).toEqual(expected);
    expect(readFileSync(join(folder, 'a.csv'), 'utf8')).toMatch(/^valueId,model,lang,qid,group,question,answer\n/);
  });

  it('keeps an older file if it is aborted', async () => {
    const out = join(folder, 'old.csv');
    writeFileSync(out, 'old');
    const stop = new AbortController();
    const options = { to: 'csv', signal: stop.signal, onProgress: () => stop.abort() } as const;
    await expect(exportDataset(dir, out, options)).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect(readFileSync(out, 'utf8')).toBe('old');
  });
});
