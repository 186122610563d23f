import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { ComparisonMatrix } from '../../src/comparison/compare-all.js';
import type { Comparison } from '../../src/comparison/compare-answers.js';
import { DEFAULT_ENCODER } from '../../src/encoder/default-encoder.js';
import { TrainingAnswers } from '../../src/encoder/folder/training-answers.js';
import type { ReadSides } from '../../src/pipeline/comparison/read-sides.js';
import { fitDataset } from '../../src/pipeline/fit/fit-dataset.js';
import type { QaRecord } from '../../src/records/record.js';
import { runCli, startCli } from '../support/cli.js';
import { toJsonl } from '../support/records.js';

const SAMPLE = fileURLToPath(new URL('../../examples/quickstart/answers.jsonl.gz', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'univar-compare-'));
const at = (name: string): string => join(scratch, name);
afterAll(() => rmSync(scratch, { recursive: true }));

const records = gunzipSync(readFileSync(SAMPLE))
  .toString()
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as QaRecord);
const models = [...new Set(records.map(({ model }) => model))].sort();
const [first, second] = models as [string, string];
const of = (model: string): QaRecord[] => records.filter((record) => record.model === model);

const compare = async <T = Comparison>(...args: string[]): Promise<T> => {
  const { code, stdout, stderr } = await runCli(['compare', ...args, '--json', '--draws', '200', '--samples', '50'], {
    cwd: scratch,
  });
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as T;
};

beforeAll(async () => {
  writeFileSync(at('all.jsonl'), toJsonl(records));
  writeFileSync(at('a.jsonl'), toJsonl(of(first)));
  writeFileSync(at('b.jsonl'), toJsonl(of(second)));
  expect(await runCli(['embed', at('all.jsonl'), '--out', at('values')])).toMatchObject({ code: 0 });
});

describe('univar compare', () => {
  it('gives the same figures for a dataset, a file with all sides, and two files', async () => {
    const inDataset = await compare(first, second, '--in', 'values');
    const { questions, difference, questionDifferences, phrases } = inDataset;
    expect(questions).toBeGreaterThan(100);
    expect(difference.p).toBeCloseTo(1 / 201);
    expect(questionDifferences).toHaveLength(questions);
    expect(phrases.every((own) => own.length > 0)).toBe(true);
    expect(await compare(first, second, '--in', 'all.jsonl', '--by', 'model')).toEqual(inDataset);
    const files = await compare('a.jsonl', 'b.jsonl');
    expect(files).toMatchObject({ names: ['a', 'b'], difference: { ...difference } });
  });

  it('uses the vectors of the dataset, not those of its fit', async () => {
    const before = await compare(first, second, '--in', 'values');
    await fitDataset(at('values'), { steps: 5 });
    expect(await compare(first, second, '--in', 'values')).toEqual(before);
  });

  it('warns if the encoder was trained on the compared answers, of a dataset as of files', async () => {
    cpSync(DEFAULT_ENCODER, at('trained'), { recursive: true });
    const training = new TrainingAnswers();
    training.add(of(first).map(({ answer }) => answer));
    await training.write(at('trained'));
    const embed = ['embed', at('all.jsonl'), '--encoder', at('trained'), '--out', at('trained-values')];
    expect(await runCli(embed)).toMatchObject({ code: 0 });
    const note = /note: \d+ of \d+ sampled answers were in the training data of trained; .*p values smaller/;
    for (const args of [
      [first, second, '--in', 'trained-values'],
      ['a.jsonl', 'b.jsonl', '--encoder', 'trained'],
    ]) {
      const { stderr } = await runCli(['compare', ...args, '--draws', '20', '--samples', '0'], { cwd: scratch });
      expect(stderr).toMatch(note);
    }
    const { seen } = await compare<ReadSides>('a.jsonl', 'b.jsonl');
    expect(seen).toMatchObject({ encoder: 'univar-base', seen: 0 });
  });

  it('compares all pairs, and writes pages and pictures', async () => {
    const matrix = await compare<ComparisonMatrix>('--all', 'model', '--in', 'values', '--report', 'all.html');
    expect(matrix.names).toEqual(models);
    expect(matrix.pairs).toHaveLength((models.length * (models.length - 1)) / 2);
    for (const { sides, answers, leftOut } of matrix.pairs)
      expect(leftOut).toEqual(sides.map((side) => of(models[side]!).length - answers));
    expect(readFileSync(at('all.html'), 'utf8')).toContain('<svg');
    await compare('--all', 'model', '--in', 'values', '--report', 'all.svg');
    expect(readFileSync(at('all.svg'), 'utf8')).toMatch(/^<svg/);
  });

  it('prints figures, questions and phrases for people', async () => {
    const args = ['compare', first, second, '--in', 'values', '--draws', '50', '--report', 'pair.html'];
    const { stdout, stderr, code } = await runCli(args, { cwd: scratch });
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/Do they differ\? +Yes: p = /);
    expect(stdout).toContain(`more in ${first}`);
    expect(stdout).toContain('Report: pair.html');
    expect(readFileSync(at('pair.html'), 'utf8')).toContain(`<h1>${first} and ${second}</h1>`);
  });

  it('draws questions if there are too many answers, the same for the same seed', async () => {
    const args = [first, second, '--in', 'values', '--max-answers', '60'];
    const sample = await compare<Comparison & { isSample: boolean }>(...args);
    expect(sample.isSample).toBe(true);
    expect(2 * sample.answers).toBeLessThanOrEqual(60);
    expect(await compare(...args)).toEqual(sample);
    expect((await compare(...args, '--seed', '2')).difference).not.toEqual(sample.difference);
  });

  it.each([
    ['an unknown model', ['gpt-5-turbo', second, '--in', 'values'], `known names are "`],
    ['one side', [first, '--in', 'values'], 'at least two sides to compare, got only'],
    ['one side twice', [first, first, '--in', 'values'], 'twice'],
    ['one file twice', ['a.jsonl', './a.jsonl'], 'twice'],
    [
      'names without a dataset',
      [first, second],
      'does not exist; to compare models or languages of a dataset, name it (--in',
    ],
    ['--all without a dataset', ['--all', 'model'], '--all can only be used with --in'],
    ['--all with names', [first, '--all', 'model', '--in', 'values'], '--all compares all sides'],
    ['an unknown language', [first, second, '--in', 'values', '--filter-lang', 'xxx'], 'known names are "eng"'],
    ['a report of another kind', ['a.jsonl', 'b.jsonl', '--report', 'x.pdf'], 'ends in .html'],
  ])('refuses %s', async (_, args, message) => {
    const { code, stderr } = await runCli(['compare', ...args], { cwd: scratch });
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });

  it('names both sides and their counts if they have no common question', async () => {
    writeFileSync(at('other.jsonl'), toJsonl(of(second).map((record) => ({ ...record, qid: `other-${record.qid}` }))));
    const { code, stderr } = await runCli(['compare', 'a.jsonl', 'other.jsonl'], { cwd: scratch });
    expect(stderr).toMatch(/no question was answered by both: a has \d+ answers to \d+ questions, other has \d+/);
    expect(code).toBe(2);
  });

  it('leaves no half-written report when it is interrupted', async () => {
    const { child, result } = startCli(
      ['compare', '--all', 'model', '--in', 'values', '--draws', '1000000', '--report', 'late.html'],
      { cwd: scratch },
    );
    setTimeout(() => child.kill('SIGINT'), 1500);
    expect(await result).toMatchObject({ code: 130, stderr: expect.stringContaining('Interrupted') as string });
    expect(existsSync(at('late.html'))).toBe(false);
    expect(readdirSync(scratch).filter((name) => name.includes('late'))).toEqual([]);
  });
});
