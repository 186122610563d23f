import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parse } from 'csv-parse/sync';
import { parseHTML } from 'linkedom';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { calibrationError } from '../../../src/evaluation/classifier/calibration-error.js';
import { coverageCurve } from '../../../src/evaluation/classifier/coverage.js';
import { evaluateKnn } from '../../../src/evaluation/knn.js';
import { evaluateProbe } from '../../../src/evaluation/probe.js';
import { writeReport } from '../../../src/evaluation/report.js';
import type { Report } from '../../../src/evaluation/report-types.js';
import { randomNormal } from '../../support/random.js';

const MODELS = ['plain', 'with, comma', 'with "quotes"', 'with | pipe & <tag>'];

async function makeReport(): Promise<Report> {
  const embeddings = randomNormal(160 * 4, 1);
  for (let row = 0; row < 160; row++) embeddings[row * 4 + (row % 4)]! += 2;
  const data = {
    embeddings,
    dim: 4,
    labels: Array.from({ length: 160 }, (_, row) => `${MODELS[row % 4]!}$${row % 8 < 4 ? 'eng' : 'zho'}`),
    groups: Array.from({ length: 160 }, (_, row) => `q${Math.floor(row / 8)}`),
  };
  const options = { bootstrapSamples: 50 };
  const knn = await evaluateKnn(data, { ...options, k: 5, sweep: [1, 20] });
  const probe = await evaluateProbe(data, options);
  // A report needs figures, whatever they come from.
  const classifier = {
    ...probe,
    calibration: calibrationError([0.2, 0.7, 0.9], [false, true, true]),
    coverage: coverageCurve([0.2, 0.7, 0.9], [false, true, true]),
    together: [{ answers: 10, accuracy: 0.9, balancedAccuracy: 0.876, labels: 4, groups: 9 }],
    unknown: { one: 0.75, ten: null },
  };
  const entries = [
    { name: 'kNN', result: knn },
    { name: 'probe', result: probe },
    { name: 'classifier', result: classifier },
  ];
  return { title: 'A title', description: 'What it is.', entries };
}

describe('writeReport', () => {
  let dir: string;
  beforeEach(async () => (dir = await mkdtemp(join(tmpdir(), 'univar-report-'))));
  afterEach(() => rm(dir, { recursive: true }));

  const read = (name: string): Promise<string> => readFile(join(dir, name), 'utf8');

  it('shows the accuracy among fewer labels than there are', async () => {
    await writeReport(dir, await makeReport());
    expect(await read('report.md')).toMatch(/\| evaluation \| acc@1 \| acc@3 \| acc@5 \|\n/);
  });

  it('writes every file that it returns', async () => {
    const files = await writeReport(join(dir, 'new', 'folder'), await makeReport());
    expect((await readdir(join(dir, 'new', 'folder'))).sort()).toEqual([...files].sort());
    expect(files).toEqual(
      expect.arrayContaining([
        ...['report.md', 'report.json', 'per-id.csv', 'confusion.csv'],
        ...['accuracy.svg', 'per-id.svg', 'k-sweep.svg', 'confusion-1.svg', 'confusion-2-lang.svg'],
        ...['reliability.svg', 'coverage.svg', 'together.svg'],
      ]),
    );
  });

  it('has equal bytes for equal input', async () => {
    const report = await makeReport();
    const files = await writeReport(join(dir, 'a'), report);
    await writeReport(join(dir, 'b'), report);
    for (const file of files) expect(await read(`b/${file}`)).toBe(await read(`a/${file}`));
  });

  it('writes the complete results as JSON', async () => {
    const report = await makeReport();
    await writeReport(dir, report);
    expect(JSON.parse(await read('report.json'))).toEqual(JSON.parse(JSON.stringify(report)));
  });

  it('writes tables that a CSV reader can read', async () => {
    const report = await makeReport();
    await writeReport(dir, report);
    const { perId, confusion } = report.entries[0]!.result;
    const lines = parse<Record<string, string>>(await read('per-id.csv'), { columns: true }).filter(
      ({ evaluation }) => evaluation === 'kNN',
    );
    expect(lines.map(({ id }) => id)).toEqual(perId.map(({ id }) => id));
    expect(lines.map(({ recall }) => Number(recall))).toEqual(perId.map(({ recall }) => recall));
    const cells = parse<Record<string, string>>(await read('confusion.csv'), { columns: true });
    const own = cells.filter(({ evaluation, level }) => evaluation === 'kNN' && level === 'id');
    for (const { actual, predicted, count } of own) {
      expect(Number(count)).toBe(
        confusion.counts[confusion.labels.indexOf(actual!)]![confusion.labels.indexOf(predicted!)],
      );
    }
    expect(own.reduce((sum, { count }) => sum + Number(count), 0)).toBe(report.entries[0]!.result.test);
  });

  it('contains the figures, and links only existing plots', async () => {
    const report = await makeReport();
    const files = await writeReport(dir, report);
    const markdown = await read('report.md');
    const { accuracy, weightedF1 } = report.entries[0]!.result;
    expect(markdown).toContain(`| kNN | ${(100 * accuracy).toFixed(1)} % |`);
    expect(markdown).toContain(`${(100 * weightedF1).toFixed(1)} %`);
    expect(markdown).toContain('| classifier | 20.0 % |'); // (0.2 + 0.3 + 0.1) / 3
    expect(markdown).toContain('| classifier | 0.750 | - |');
    expect(markdown).toContain('| evaluation | 10 answers |\n| --- | --- |\n| classifier | 87.6 % |');
    const linked = [...markdown.matchAll(/\]\(([^)]+)\)/g)].map((match) => match[1]!);
    expect(linked.sort()).toEqual(files.filter((name) => name.endsWith('.svg')).sort());
    for (const line of markdown.split('\n').filter((text) => text.includes('pipe')))
      expect(line).toContain('with \\| pipe');
  });

  it('writes the given training curves as files and not into the JSON', async () => {
    const report = await makeReport();
    const files = await writeReport(dir, {
      ...report,
      training: [{ file: 'loss.svg', caption: 'Loss', svg: '<svg/>' }],
    });
    expect(files).toContain('training-loss.svg');
    expect(await read('training-loss.svg')).toBe('<svg/>');
    expect(await read('report.md')).toContain('## How the encoder was trained\n\n![Loss](training-loss.svg)\n');
    expect(JSON.parse(await read('report.json'))).toEqual(JSON.parse(JSON.stringify(report)));
  });

  it('draws SVG with every label, escaped', async () => {
    await writeReport(dir, await makeReport());
    const plots = ['accuracy', 'per-id', 'k-sweep', 'confusion-1', 'confusion-1-model'];
    for (const file of [...plots, 'reliability', 'coverage', 'together'].map((name) => `${name}.svg`)) {
      const text = await read(file);
      expect(text).toMatch(/^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
      expect(text).not.toContain('<tag>');
      expect(text).not.toContain('NaN');
    }
    const { document } = parseHTML(await read('confusion-1-model.svg')) as unknown as {
      document: { querySelectorAll(selector: string): Iterable<{ textContent: string }> };
    };
    const texts = Array.from(document.querySelectorAll('text'), ({ textContent }) => textContent);
    for (const model of MODELS) expect(texts.filter((text) => text === model)).toHaveLength(2);
  });

  it('rejects a report without entries, a repeated name, and an impossible folder', async () => {
    const report = await makeReport();
    await expect(writeReport(dir, { ...report, entries: [] })).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
    const twice = [report.entries[0]!, report.entries[0]!];
    await expect(writeReport(dir, { ...report, entries: twice })).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
    await writeFile(join(dir, 'file'), '');
    await expect(writeReport(join(dir, 'file'), report)).rejects.toMatchObject({ code: 'ERR_DATA' });
  });
});
