import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { GlobalFonts, loadImage } from '@napi-rs/canvas';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DatasetWriter } from '../../src/datasets/dataset-writer.js';
import type { QaRecord } from '../../src/records/record.js';
import { runCli, startCli } from '../support/cli.js';
import { bytesOf } from '../support/folder-bytes.js';
import { unpackElement } from '../support/map-page.js';
import { randomClusters } from '../support/random.js';

const ANSWERS = fileURLToPath(new URL('../fixtures/answers-small.jsonl', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'univar-map-'));
const values = join(scratch, 'values');
const one = join(scratch, 'one');
const none = join(scratch, 'none');
const many = join(scratch, 'many');
const notNumbers = join(scratch, 'nan');
const models = join(scratch, 'models.csv');
const rows = readFileSync(ANSWERS, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as QaRecord);

afterAll(() => rmSync(scratch, { recursive: true }));

async function write(dir: string, count: number, embeddings = randomClusters(count, 32, 5, 1)): Promise<void> {
  const writer = await DatasetWriter.open(dir, { encoder: { name: 'test', fingerprint: 'f00', dim: 32 } });
  const records = Array.from({ length: count }, (_, i) => ({
    qid: `q${i}`,
    question: 'Why?',
    answer: `Because ${i}`,
    model: `m${i % 3}`,
    lang: 'eng',
  }));
  await writer.append(records, embeddings);
  await writer.finish();
}

beforeAll(async () => {
  expect((await runCli(['embed', ANSWERS, '--out', values])).code).toBe(0);
  await write(one, 1);
  await write(many, 30_000);
  // The writer rejects a dataset without rows, so this one is forged.
  await write(none, 1);
  const manifest = JSON.parse(readFileSync(join(none, 'manifest.json'), 'utf8')) as { rows: number; shards: unknown[] };
  writeFileSync(join(none, 'manifest.json'), JSON.stringify({ ...manifest, rows: 0, shards: [] }));
  await write(notNumbers, 20);
  // The writer rejects NaN, so the test changes the last entry in the file.
  const path = join(notNumbers, Object.keys(bytesOf(notNumbers)).find((name) => name.endsWith('.npy'))!);
  const bytes = readFileSync(path);
  bytes.writeFloatLE(NaN, bytes.length - 4);
  writeFileSync(path, bytes);
  writeFileSync(
    models,
    [
      'model,developer',
      ...[...new Set(rows.map(({ model }) => model))].map((model, i) => `${model},Maker ${i % 2}`),
      '',
    ].join('\n'),
  );
  mkdirSync(join(scratch, 'folder.svg'));
});

describe('univar map', () => {
  // Vectors of a fit would separate the value ids of the answers that it was fitted on, whatever their labels.
  it('draws the vectors of the dataset, not those of its fit', async () => {
    const draw = async (name: string): Promise<string> => {
      const out = join(scratch, name);
      expect(await runCli(['map', values, '--method', 'pca', '--out', out])).toMatchObject({ code: 0 });
      return readFileSync(out, 'utf8');
    };
    const before = await draw('before-fit.svg');
    expect((await runCli(['fit', values, '--steps', '20', '--no-index'])).code).toBe(0);
    expect(await draw('after-fit.svg')).toBe(before);
  });

  it('writes a page with all answers and the columns of the models', async () => {
    const out = join(scratch, 'map.html');
    const { code, stdout } = await runCli([
      'map',
      values,
      '--out',
      out,
      '--models',
      models,
      '--color',
      'developer',
      '--title',
      'A <b>title</b>',
      '--json',
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      dataset: values,
      out,
      format: 'html',
      method: 'umap',
      points: rows.length,
      laidOut: rows.length,
      color: 'developer',
      categories: 2,
    });
    const page = readFileSync(out, 'utf8');
    expect(page).toContain('<title>A &lt;b&gt;title&lt;/b&gt;</title>');
    const header = JSON.parse(unpackElement(page, 'map-header').toString()) as {
      points: number;
      columns: { name: string }[];
    };
    expect(header.columns.map(({ name }) => name)).toEqual(['value-id', 'model', 'lang', 'developer']);
    const answers = JSON.parse(unpackElement(page, 'map-answers-0').toString()) as string[];
    expect(answers.length).toBe(rows.length);
    answers.forEach((answer, i) => expect(rows[i]!.answer.trim().startsWith(answer.replace(/…$/, ''))).toBe(true));
  });

  it('writes the same bytes again, and other bytes for another seed', async () => {
    const draw = async (name: string, seed: string): Promise<string> => {
      const out = join(scratch, name);
      expect((await runCli(['map', values, '--out', out, '--seed', seed, '--sample', '40', '--title', 't'])).code).toBe(
        0,
      );
      return readFileSync(out, 'utf8');
    };
    const first = await draw('a.svg', '1');
    expect(await draw('b.svg', '1')).toBe(first);
    expect((await draw('c.svg', '2')).replace('seed 2', 'seed 1')).not.toBe(first);
    expect(first).toContain('40 laid out, the others placed by their neighbours');
  });

  it.skipIf(GlobalFonts.families.length === 0)(
    'writes a PNG of twice the size of the SVG (skipped if no font is installed)',
    async () => {
      const args = (name: string): string[] => [
        'map',
        values,
        '--method',
        'pca',
        '--color',
        'lang',
        '--out',
        join(scratch, name),
      ];
      const drawn = await runCli(args('p.png'));
      expect(drawn).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/principal components with [\d.]+ % and/) as string,
      });
      await runCli(args('p.svg'));
      const [, width] = /width="(\d+)"/.exec(readFileSync(join(scratch, 'p.svg'), 'utf8'))!;
      expect((await loadImage(join(scratch, 'p.png'))).width).toBe(2 * Number(width));
    },
  );

  it.each([
    { args: [none, '--out', 'x.svg'], says: /none is empty/ },
    { args: [one, '--out', 'x.svg', '--method', 'pca'], says: /at least 2 rows/ },
    { args: [notNumbers, '--out', 'x.svg'], says: /NaN in row 19/, exit: 1 },
    { args: [values, '--out', 'x.svg', '--color', 'developer'], says: /value-id, model, lang for "color".*--models/ },
    { args: [values, '--out', 'x.gif'], says: /\.html, \.svg, \.png/ },
    { args: [values, '--out', 'missing/x.svg'], says: /missing\/x\.svg: no such file or folder/ },
    { args: [values, '--out', join(scratch, 'folder.svg')], says: /it is a folder/ },
    { args: [values, '--out', 'x.svg', '--models', 'missing.csv'], says: /missing\.csv: no such file/ },
    { args: [values, '--out', 'x.svg', '--min-distance', '2'], says: /Expected a number from 0 to 1/ },
    { args: [scratch, '--out', 'x.svg'], says: /not a dataset/ },
  ])(
    'fails with one line and no file for $args',
    async ({ args, says, exit = 2 }: { args: string[]; says: RegExp; exit?: number }) => {
      const { code, stdout, stderr } = await runCli(['map', ...args], { cwd: scratch });
      expect({ code, stdout }).toEqual({ code: exit, stdout: '' });
      expect(stderr).toMatch(says);
      expect(stderr).toMatch(/^error: /);
      expect(existsSync(join(scratch, 'x.svg'))).toBe(false);
    },
  );

  it('stops at Ctrl-C and keeps an older map', async () => {
    const folder = join(scratch, 'kept');
    const out = join(folder, 'map.html');
    mkdirSync(folder);
    writeFileSync(out, 'older');
    const { child, result } = startCli(['map', many, '--out', out]);
    await sleep(3000); // during the search or the layout, which take far longer
    child.kill('SIGINT');
    expect(await result).toMatchObject({
      code: 130,
      stdout: '',
      stderr: expect.stringMatching(/error: Interrupted/) as string,
    });
    expect(readdirSync(folder)).toEqual(['map.html']);
    expect(readFileSync(out, 'utf8')).toBe('older');
  });
});
