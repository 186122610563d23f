import { join } from 'node:path';

import { replaceFile } from '../../core/replace-file.js';
import { expectObject, expectSignal } from '../../core/validate.js';
import { expectProject } from '../expect-project.js';
import type { GenerateSummary } from '../generate.js';
import { expectOwnObjects } from '../own-objects.js';
import type { Project } from '../project.js';
import { ProjectFolder } from '../project-folder.js';
import { languageNames } from '../stages/translation.js';
import { collectReport } from './collect.js';
import { reportPage } from './report-page.js';
import { samplesPage } from './samples-page.js';

/**
 * Writes `report.json`, `report.html` and `samples.html` of a finished project into its folder.
 *
 * @returns their paths
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_DATA`, `ERR_IO`, `ERR_ABORTED`
 */
export async function writeQualityReport(
  project: Project,
  summary: GenerateSummary,
  signal?: AbortSignal,
): Promise<string[]> {
  const checked = expectProject(project);
  expectOwnObjects(expectObject(summary, 'summary'), 'summary', ['stages', 'spent', 'spentBy'], 'generate');
  expectSignal(signal, 'signal');
  const { samples, ...report } = await collectReport(checked, await ProjectFolder.open(checked.out), summary, signal);
  const nameOf = languageNames(checked);
  const files: [string, string[]][] = [
    ['report.json', [`${JSON.stringify(report, null, 2)}\n`]],
    ['report.html', reportPage({ ...report, samples }, nameOf)],
    ['samples.html', samplesPage(checked.name, samples, nameOf)],
  ];
  for (const [name, parts] of files) await replaceFile(join(checked.out, name), parts);
  return files.map(([name]) => join(checked.out, name));
}
