import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openDataset } from '../../src/datasets/dataset.js';
import { type CliResult, runCli } from '../support/cli.js';
import { bytesOf } from '../support/folder-bytes.js';
import { writeParityEncoder } from '../support/parity-encoder.js';

const ANSWERS = fileURLToPath(new URL('../fixtures/answers-small.jsonl', import.meta.url));
const lines = readFileSync(ANSWERS, 'utf8').trimEnd().split('\n');
const scratch = mkdtempSync(join(tmpdir(), 'univar-more-'));
const encoder = join(scratch, 'encoder');
const inputs = join(scratch, 'inputs');
const out = join(scratch, 'values');

beforeAll(() => {
  writeParityEncoder(encoder, 'bert-tiny');
  mkdirSync(join(inputs, 'later'), { recursive: true });
});
afterAll(() => rmSync(scratch, { recursive: true }));

const embed = (args: string[], dir = out): Promise<CliResult> =>
  runCli(['embed', ...args, '--encoder', encoder, '--out', dir, '--shard-rows', '16', '--json']);
const write = (name: string, rows: string[]): void => writeFileSync(join(inputs, name), `${rows.join('\n')}\n`);

function parsed(result: CliResult): Record<string, unknown> {
  expect(result.stderr).not.toContain('error:');
  expect(result.code).toBe(0);
  return JSON.parse(result.stdout) as Record<string, unknown>;
}

describe('embed with more and more answers', () => {
  it('embeds new texts once, and gives every row the same vector as one run over all', async () => {
    write('a.jsonl', lines.slice(0, 40));
    expect(parsed(await embed([inputs]))).toMatchObject({ rows: 40, addedRows: 40 });
    const { 'manifest.json': manifest, ...shards } = bytesOf(out);
    expect(manifest).toBeDefined();
    write('later/b.jsonl', [...lines.slice(30, 60), ...lines.slice(0, 5)]);
    expect(parsed(await embed([inputs]))).toMatchObject({ rows: 75, addedRows: 35, embeddedTexts: 20, duplicates: 15 });
    write('c.jsonl', lines.slice(60));
    expect(parsed(await embed([join(inputs, 'c.jsonl'), '--add']))).toMatchObject({
      rows: 87,
      addedRows: 12,
      embeddedTexts: 12,
    });
    expect(parsed(await embed([inputs]))).toMatchObject({ rows: 87, addedRows: 0 });
    expect(bytesOf(out)).toMatchObject(shards);

    const dataset = await openDataset(out, { verify: true });
    const all = await dataset.readEmbeddings();
    const rowOf = (row: number): Float32Array => all.subarray(row * dataset.dim, (row + 1) * dataset.dim);
    expect(rowOf(40)).toEqual(rowOf(30));
    expect(rowOf(74)).toEqual(rowOf(4));
    const once = join(scratch, 'once');
    const files = ['a.jsonl', 'later/b.jsonl', 'c.jsonl'].map((name) => join(inputs, name));
    expect(parsed(await embed(files, once))).toMatchObject({ rows: 87, embeddedTexts: lines.length });
    const expected = await (await openDataset(once)).readEmbeddings();
    all.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-5));
    expect(await dataset.readRecords()).toEqual(await (await openDataset(once)).readRecords());
  });

  it('can be read by the commands that read datasets', async () => {
    expect(parsed(await runCli(['index', out, '--no-fit', '--json']))).toMatchObject({ rows: 87 });
    expect(parsed(await runCli(['identify', out, '--text', 'w1 w2', '--k', '3', '--json']))).toMatchObject({
      search: 'index',
    });
    expect(parsed(await runCli(['eval', 'knn', out, '--k', '3', '--split', 'row', '--json']))).toHaveProperty(
      'accuracy',
    );
    expect(
      parsed(await runCli(['map', out, '--method', 'pca', '--out', join(scratch, 'map.svg'), '--json'])),
    ).toMatchObject({ points: 87 });
    write('later/d.jsonl', lines.slice(3, 4));
    expect(parsed(await embed([inputs]))).toMatchObject({ rows: 88, addedRows: 1, embeddedTexts: 0 });
    // The index has only the earlier rows.
    expect((await runCli(['identify', out, '--text', 'w1 w2', '--k', '3', '--json'])).stderr).toMatch(/index/);
  });

  it('reports changed and missing inputs', async () => {
    const changed = join(scratch, 'changed');
    cpSync(inputs, changed, { recursive: true });
    writeFileSync(join(changed, 'a.jsonl'), `${lines.slice(0, 41).join('\n')}\n`);
    expect(await embed([changed])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/different contents of a\.jsonl.*--overwrite/) as string,
    });
    rmSync(join(changed, 'a.jsonl'));
    expect(await embed([changed])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/also made from a\.jsonl.*--add.*--overwrite/) as string,
    });
  });

  it('keeps the rejects of all additions', async () => {
    const dir = join(scratch, 'rejecting');
    const files = ['x.jsonl', 'y.jsonl', 'z.jsonl'].map((name) => join(scratch, name));
    files.forEach((file, i) => writeFileSync(file, `${lines[i]!}\n${i === 1 ? '' : `bad ${i}\n`}`));
    for (const count of [1, 2, 3])
      expect(parsed(await embed([...files.slice(0, count), '--skip-bad'], dir))).toMatchObject({ rows: count });
    const rejects = readFileSync(join(dir, 'rejects.jsonl'), 'utf8').trimEnd().split('\n');
    expect(rejects.map((line) => (JSON.parse(line) as { text: string }).text)).toEqual(['bad 0', 'bad 2']);
    expect((await openDataset(dir)).manifest.rejected).toBe(2);
  });
});
