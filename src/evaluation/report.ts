import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../core/errors.js';
import { withFileErrors } from '../core/file-errors.js';
import { makeFolder } from '../core/make-folder.js';
import { expectArray, expectInRange, expectObject, expectPath, expectString } from '../core/validate.js';
import { confusionCsv, perIdCsv } from './report-csv.js';
import { reportMarkdown, trainingPlot } from './report-markdown.js';
import type { Report } from './report-types.js';

/**
 * Writes report.md, report.json, per-id.csv, confusion.csv and plots. The plots are accuracy.svg, per-id.svg,
 * k-sweep.svg if an entry is a kNN, reliability.svg, coverage.svg and together.svg if an entry is a classifier,
 * training-*.svg if there are training curves, and for entry number n confusion-n.svg, with confusion-n-lang.svg and
 * confusion-n-model.svg if value ids can be merged. Existing files of these names are replaced. Equal input gives
 * equal bytes.
 *
 * @param dir folder, created if it does not exist
 * @returns the names of the files in `dir`
 * @throws EngineError `ERR_ARG_TYPE`; `ERR_ARG_RANGE` without entries or if two have the same name, `ERR_DATA` if
 *   `dir` cannot be a folder, `ERR_IO`
 */
export async function writeReport(dir: string, report: Report): Promise<string[]> {
  expectPath(dir, 'dir');
  expectReport(report);
  const { entries, training = [] } = report;
  const names = new Set(entries.map(({ name }) => name));
  if (entries.length === 0 || names.size !== entries.length) {
    throw new EngineError(
      'ERR_ARG_RANGE',
      'Expected at least one entry, each with its own name, for "entries", ' +
        `got ${entries.length} entries with ${names.size} names`,
    );
  }
  await makeFolder(dir);
  // The drawing code is large, so it is loaded here.
  const { plotAccuracy, plotConfusion, plotPerId, plotSweep } = await import('./plots.js');
  const { plotReliability, plotCoverage, plotTogether } = await import('./classifier/plots.js');
  const plots: Record<string, string> = { 'accuracy.svg': plotAccuracy(entries), 'per-id.svg': plotPerId(entries) };
  if (entries.some(({ result }) => 'sweep' in result)) plots['k-sweep.svg'] = plotSweep(entries);
  if (entries.some(({ result }) => 'calibration' in result)) {
    plots['reliability.svg'] = plotReliability(entries);
    plots['coverage.svg'] = plotCoverage(entries);
    plots['together.svg'] = plotTogether(entries);
  }
  entries.forEach(({ name, result }, i) => {
    plots[`confusion-${i + 1}.svg`] = plotConfusion(result.confusion, name);
    if (result.byLang) plots[`confusion-${i + 1}-lang.svg`] = plotConfusion(result.byLang, `${name}, by language`);
    if (result.byModel) plots[`confusion-${i + 1}-model.svg`] = plotConfusion(result.byModel, `${name}, by model`);
  });
  for (const { file, svg } of training) plots[trainingPlot(file)] = svg;
  const files: Record<string, string> = {
    'report.md': reportMarkdown(report, Object.keys(plots)),
    'report.json': `${JSON.stringify({ ...report, training: undefined }, null, 2)}\n`,
    'per-id.csv': perIdCsv(entries),
    'confusion.csv': confusionCsv(entries),
    ...plots,
  };
  await withFileErrors(`write the report into ${dir}`, async () => {
    for (const [name, content] of Object.entries(files)) await writeFile(join(dir, name), content);
  });
  return Object.keys(files);
}

function expectReport(report: unknown): void {
  const { title, description = '', entries, training = [] } = expectObject(report, 'report');
  expectString(title, 'title');
  expectString(description, 'description');
  expectArray(entries, 'entries', (entry, name) => {
    const { name: title, result } = expectObject(entry, name);
    expectString(title, `${name}.name`);
    const { accuracy, perId, confusion } = expectObject(result, `${name}.result`);
    expectInRange(accuracy, `${name}.result.accuracy`, 0, 1);
    expectArray(perId, `${name}.result.perId`, expectObject);
    expectObject(confusion, `${name}.result.confusion`);
  });
  expectArray(training, 'training', (picture, name) => {
    const { file, caption, svg } = expectObject(picture, name);
    expectString(file, `${name}.file`);
    expectString(caption, `${name}.caption`);
    expectString(svg, `${name}.svg`);
  });
}
