import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { MINI_ENCODER } from '../../src/encoder/default-encoder.js';
import type { Classification } from '../../src/identification/classifier/value-classifier.js';
import { type CliResult, runCli, startCli } from '../support/cli.js';
import { bytesOf } from '../support/folder-bytes.js';
import { writeParityEncoder } from '../support/parity-encoder.js';

const ANSWERS = fileURLToPath(new URL('../fixtures/answers-small.jsonl', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'univar-flow-'));
const values = join(scratch, 'values');
const lines = readFileSync(ANSWERS, 'utf8').trimEnd().split('\n');

afterAll(() => rmSync(scratch, { recursive: true }));

function parsed(result: CliResult): Record<string, unknown> {
  expect(result.stderr).not.toContain('error:');
  expect(result.code).toBe(0);
  return JSON.parse(result.stdout) as Record<string, unknown>;
}

function textOf(line: string): string {
  const { question, answer } = JSON.parse(line) as { question: string; answer: string };
  return JSON.stringify([question, answer]);
}

describe('embed, index, identify, eval', () => {
  let embedded: CliResult;
  beforeAll(async () => {
    embedded = await runCli(['embed', ANSWERS, '--out', values, '--shard-rows', '8', '--json']);
  });

  it('embeds into a complete dataset folder', () => {
    const summary = parsed(embedded);
    expect(summary).toMatchObject({
      rows: lines.length,
      dim: 176,
      rejected: 0,
      resumedRows: 0,
      encoder: 'univar-base',
      backend: 'native',
      precision: 'f32',
    });
    expect(summary['tokens']).toBeGreaterThan(lines.length * 3);
    expect(summary).toMatchObject({
      addedRows: lines.length,
      embeddedTexts: new Set(lines.map((line) => textOf(line))).size,
    });
    expect(summary['cpuBusy']).toBeGreaterThan(0);
    expect(summary['encoderBusy']).toBeGreaterThanOrEqual(0); // a lower bound, which is often 0 for a fast encoder
    expect(summary['encoderBusy']).toBeLessThanOrEqual(1);
    expect(Object.keys(bytesOf(values))).toHaveLength(1 + 3 * Math.ceil(lines.length / 8));
  });

  it('does nothing for the same inputs, and rejects other settings unless told to replace the dataset', async () => {
    const before = bytesOf(values);
    expect(parsed(await runCli(['embed', ANSWERS, '--out', values, '--json']))).toMatchObject({
      rows: lines.length,
      addedRows: 0,
      embeddedTexts: 0,
    });
    const { code, stderr } = await runCli(['embed', ANSWERS, '--out', values, '--dtype', 'f16']);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/^error: .*complete dataset.*differs in dtype.*--overwrite/) as string,
    });
    expect(bytesOf(values)).toEqual(before);
  });

  it('identifies a text of the dataset by itself, exactly and through an index', async () => {
    const { question, answer, model, lang } = JSON.parse(lines[5]!) as Record<string, string>;
    const args = ['identify', values, '--question', question!, '--text', answer!, '--k', '3', '--json'];
    const exact = parsed(await runCli(args));
    expect(exact).toMatchObject({ k: 3, search: 'exact' });
    const [report] = exact['texts'] as {
      neighbours: { row: number; distance: number }[];
      evidence: { answer: string; valueId: string }[];
    }[];
    expect(report!.neighbours[0]!.row).toBe(5);
    expect(report!.neighbours[0]!.distance).toBeLessThan(0.05);
    expect(report!.evidence[0]).toMatchObject({ answer, valueId: `${model!}$${lang!}` });

    expect(parsed(await runCli(['index', values, '--factory', 'HNSW16', '--json']))).toMatchObject({
      rows: lines.length,
      metric: 'l2',
    });
    const indexed = parsed(await runCli(args));
    expect(indexed['search']).toBe('index');
    const [again] = indexed['texts'] as { neighbours: { row: number }[] }[];
    expect(again!.neighbours[0]!.row).toBe(5);
  });

  it('classifies texts of one author together, explains why, and says what a classifier can tell', async () => {
    const { answer, model, lang } = JSON.parse(lines[5]!) as Record<string, string>;
    const texts = ['--text', answer!, '--text', 'asdf'];
    const result = parsed(await runCli(['identify', values, ...texts, '--together', '--why', '--json']));
    const { together } = result as unknown as { together: Classification };
    const all = together.ranking.reduce((sum, { probability }) => sum + probability, together.unknown ?? 0);
    expect(all).toBeCloseTo(1, 5);
    const { valueId } = together.ranking[0]!;
    expect(result['texts']).toMatchObject([
      { text: answer, why: { valueId } },
      { text: 'asdf', why: { valueId } },
    ]);
    expect(result).not.toHaveProperty('k');
    const { stdout } = await runCli(['identify', values, '--text', answer!, '--filter-value-id', `${model!}$${lang!}`]);
    expect(stdout).toMatch(/\n\n(Most probable value id: |No value id that matches the filter fits)/);
    expect(parsed(await runCli(['info', values, '--json']))).toMatchObject({
      classifier: { valueIds: together.ranking.length, recognisesUnknown: expect.any(Boolean) as boolean },
    });
    const refused = await runCli(['identify', values, ...texts, '--together', '--k', '3']);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("cannot be used with option '-k")]);
  });

  it('reads texts from standard input and prints readable tables', async () => {
    const { code, stdout } = await runCli(['identify', values, '--k', '5'], { stdin: 'first text\nsecond text\n' });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^first text\n/);
    expect(stdout).toMatch(/\nsecond text\n/);
    expect(stdout.match(/value id +votes +share/g)).toHaveLength(2);
    expect(stdout).toMatch(/\nEncoder: fit-0001 \(native, f32\), fitted on this dataset\n$/);
  });

  it('embeds in the requested precision and identifies in the same one, unless told otherwise', async () => {
    const encoder = writeParityEncoder(join(scratch, 'bert-tiny'), 'bert-tiny');
    const out = join(scratch, 'bf16');
    const summary = parsed(
      await runCli(['embed', ANSWERS, '--encoder', encoder, '--precision', 'bf16', '--out', out, '--json']),
    );
    expect(summary).toMatchObject({ encoder: 'bert-tiny', backend: 'native', precision: 'bf16' });
    const args = ['identify', out, '--text', 'w1 w2', '--k', '3', '--json'];
    expect(parsed(await runCli(args))).toMatchObject({ backend: 'native', precision: 'bf16' });
    const why = await runCli([...args, '--why']); // the dataset has no fit
    expect([why.code, why.stderr]).toEqual([2, expect.stringContaining('run "univar fit"')]);
    const other = await runCli([...args, '--precision', 'f32']);
    expect(other).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/is not the encoder that embedded/) as string,
    });
    const impossible = await runCli([...args, '--backend', 'onnx']);
    expect(impossible).toMatchObject({ code: 2, stderr: expect.stringMatching(/lacks model\.onnx/) as string });
  });

  it('prints only one JSON document with the figures of an evaluation', async () => {
    const report = join(scratch, 'report');
    const knn = parsed(
      await runCli(['eval', 'knn', values, '--k', '3', '--split', 'question', '--report', report, '--json']),
    );
    expect(Object.keys(knn).sort()).toEqual([
      'accuracy',
      'balancedAccuracy',
      'chance',
      'fitted',
      'k',
      'perId',
      'seen',
      'test',
      'train',
      'weightedF1',
    ]);
    expect(knn['k']).toBe(3);
    expect(knn['seen']).toMatchObject({ encoder: 'univar-base' });
    expect(Number(knn['train']) + Number(knn['test'])).toBe(lines.length);
    expect(existsSync(join(report, 'report.md'))).toBe(true);
    const probe = parsed(
      await runCli(['eval', 'probe', values, '--target', 'lang', '--split', 'row', '--epochs', '2', '--json']),
    );
    expect(probe).toMatchObject({ epochs: 2, accuracyAt: expect.objectContaining({ 1: probe['accuracy'] }) as object });
  });

  it('compares the classifier with other methods on one split', async () => {
    const args = ['eval', 'classifier', values, '--k', '3', '--target', 'model', '--no-unknown'];
    const figures = parsed(await runCli([...args, '--json']));
    const methods = figures['methods'] as { name: string; accuracy: number }[];
    expect(methods.map(({ name }) => name)).toEqual([
      'words (TF-IDF), kNN',
      'univar-base, kNN',
      'fitted encoder, kNN',
      'classifier',
    ]);
    expect(methods[3]!.accuracy).toBe(figures['accuracy']);
    expect(figures).toMatchObject({ k: 3, unknown: null, calibration: { bins: expect.any(Array) as unknown } });
  });

  it.each([
    { args: ['eval', 'knn', values, '--k', '5000'], code: 2, says: /"k"/ },
    { args: ['eval', 'knn', values, '--k', '0'], code: 2, says: /Expected an integer >= 1/ },
    { args: ['eval', 'knn', scratch], code: 2, says: /not a dataset/ },
    { args: ['index', values, '--factory', 'HNSW32,Nonsense'], code: 2, says: /factory/ },
    { args: ['identify', values, '--text', 'x', '--k', '1000'], code: 2, says: /"k"/ },
    { args: ['identify', values, '--text', 'x', '--encoder', scratch], code: 2, says: /lacks/ },
  ])('exits with code $code and one line for $args', async ({ args, code, says }) => {
    const result = await runCli(args);
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr).toMatch(says);
    expect(result.stderr).toMatch(/^error: /);
    expect(result.stderr).not.toContain('    at ');
  });
});

describe('embed when things go wrong', () => {
  it('reports file and line of a bad row, or leaves it out and counts it', async () => {
    const file = join(scratch, 'bad.jsonl');
    const out = join(scratch, 'skipped');
    writeFileSync(file, [...lines.slice(0, 4), '{"qid": broken', lines[4]].join('\n'));
    const refused = await runCli(['embed', file, '--out', out]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/bad\.jsonl:5: /);
    expect(existsSync(out)).toBe(false);
    expect(parsed(await runCli(['embed', file, '--out', out, '--skip-bad', '--json']))).toMatchObject({
      rows: 5,
      rejected: 1,
    });
    const rejects = readFileSync(join(out, 'rejects.jsonl'), 'utf8');
    expect(JSON.parse(rejects)).toMatchObject({ line: 5, text: '{"qid": broken' });
  });

  it('maps columns and fills in model and language', async () => {
    const file = join(scratch, 'mapped.csv');
    const out = join(scratch, 'mapped');
    writeFileSync(file, 'prompt,response\nWhy?,"Because, so"\nHow?,Thus\n');
    const args = ['embed', file, '--out', out];
    const wrong = await runCli([...args, '--columns', 'answer=reply']);
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringMatching(/"reply".*"prompt", "response"/) as string });
    const mapping = ['--columns', 'question=prompt,answer=response', '--model', 'm', '--lang', 'eng'];
    expect(parsed(await runCli([...args, ...mapping, '--json']))).toMatchObject({ rows: 2, models: 1, valueIds: 1 });
  });

  it('resumes after kill -9 and Ctrl-C with the same bytes, and rejects a second process', async () => {
    const out = join(scratch, 'interrupted');
    // A transformer takes long enough to be interrupted.
    const common = ['embed', ANSWERS, '--shard-rows', '8', '--encoder', MINI_ENCODER, '--out'];
    const args = [...common, out];
    const rowsThere = (): number =>
      8 *
      (existsSync(join(out, 'journal.partial'))
        ? readFileSync(join(out, 'journal.partial'), 'utf8').split('\n').length - 2
        : 0);
    const until = async (rows: number): Promise<void> => {
      while (rowsThere() < rows) await sleep(10);
    };

    const killed = startCli(args);
    await until(8);
    const second = await runCli(args);
    expect(second).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`process ${killed.child.pid!}`) as string,
    });
    killed.child.kill('SIGKILL');
    expect((await killed.result).signal).toBe('SIGKILL');

    const interrupted = startCli(args);
    await until(rowsThere() + 8);
    interrupted.child.kill('SIGINT');
    expect(await interrupted.result).toMatchObject({
      code: 130,
      stdout: '',
      stderr: expect.stringMatching(
        /error: Interrupted; run it again to resume: .* keeps \d+ of \d+ new answers/,
      ) as string,
    });
    expect(existsSync(join(out, 'manifest.json'))).toBe(false);
    expect((await runCli(['eval', 'knn', out])).stderr).toMatch(/unfinished/);

    const resumed = parsed(await runCli([...args, '--json']));
    expect(resumed['resumedRows']).toBeGreaterThanOrEqual(16);
    const uninterrupted = join(scratch, 'uninterrupted');
    parsed(await runCli([...common, uninterrupted, '--json']));
    expect(bytesOf(out)).toEqual(bytesOf(uninterrupted));
  });
});
