/** Writes the output of the quickstart to the project's README, beside the accuracy of SVMs on the same split. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { SAMPLE, SAMPLE_SPLIT } from '../../src/cli/quickstart/sample.js';
import { labelRecords } from '../../src/evaluation/dataset.js';
import { prepareRows } from '../../src/evaluation/prepare.js';
import { readRecords } from '../../src/records/read-records.js';
import type { QaRecord } from '../../src/records/record.js';
import { predictBySvc, type SvcFeatures, sklearnVersion } from '../evidence/linear-svc.js';
import { percent, replaceSection } from '../evidence/pages.js';

/** In the quickstart's output, an example and the list of written files follow this line. */
const EXAMPLE = /\n+One of them, /;

/** Runs the quickstart, and writes its figures to README.md. */
export function writeQuickstart(root: string): void {
  const command = ['dist/cli/main.js', 'quickstart', '--fresh', '--out', join(root, 'out/train-default/quickstart')];
  const output = execFileSync(process.execPath, command, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  writeToReadme(root, 'quickstart', `\`\`\`\n${output.split(EXAMPLE)[0]!.trimEnd()}\n\`\`\``);
}

/** Writes the accuracy of SVMs to README.md, or leaves the page as it is if scikit-learn is not installed. */
export async function writeQuickstartSvm(root: string): Promise<void> {
  const version = sklearnVersion();
  if (version !== undefined) writeToReadme(root, 'quickstart svm', await describeSvms(version));
}

/** Trains SVMs on the answers that vote in the quickstart, and tests them on its held-out answers. */
async function describeSvms(version: string): Promise<string> {
  const records: QaRecord[] = [];
  for await (const batch of readRecords([SAMPLE])) records.push(...batch.records);
  const labelled = labelRecords(records);
  const { train, test } = prepareRows(labelled, SAMPLE_SPLIT);
  const texts = records.map(({ answer }) => answer);
  const predicted = await predictBySvc({ texts, labels: labelled.labels }, { train, test });
  const accuracy = (features: SvcFeatures): string => {
    const hits = predicted[features].filter((label, i) => label === labelled.labels[test[i]!]);
    return percent(hits.length / test.length);
  };
  const [words, characters, ngrams] = (['words', 'characters', 'ngrams'] as const).map(accuracy);
  return [
    `On the same split, the linear SVM of scikit-learn ${version} (\`LinearSVC\`) identifies ${words} % with words and`,
    `word pairs, ${characters} % with characters as well, and ${ngrams} % with the n-grams that the fitted encoder`,
    'reads (measured by `npm run train:default`).',
  ].join('\n');
}

function writeToReadme(root: string, section: string, markdown: string): void {
  const path = join(root, 'README.md');
  writeFileSync(path, replaceSection(readFileSync(path, 'utf8'), section, markdown, path));
}
