import { join } from 'node:path';

import { makeFolder } from '../../core/make-folder.js';
import { replaceFile } from '../../core/replace-file.js';
import { labelRecords } from '../../evaluation/dataset.js';
import { evaluateKnn, type KnnResult } from '../../evaluation/knn.js';
import { writeReport } from '../../evaluation/report.js';
import { evaluateTfidf } from '../../evaluation/tfidf.js';
import { buildIndex } from '../../pipeline/index/build-index.js';
import type { QaRecord } from '../../records/record.js';
import type { CliContext } from '../context.js';
import { formatCount, formatDuration, formatPercent, formatRate, formatTable, indent } from '../format.js';
import { describeIdentification } from '../identify/report.js';
import { embedSample, type SampleEmbedding } from './embedding.js';
import { type Example, identifyExample } from './example.js';
import type { QuickstartOptions } from './options.js';
import { SAMPLE_SPLIT } from './sample.js';

const K = 50;

/** OUT/summary.json */
interface QuickstartSummary {
  rows: number;
  models: number;
  chance: number;
  knnAccuracy: number;
  tfidfAccuracy: number;
  embedSeconds: number;
  answersPerSecond: number;
}

/** `univar quickstart` */
export async function runQuickstart({ out, fresh = false }: QuickstartOptions, context: CliContext): Promise<void> {
  const { signal } = context;
  await makeFolder(out);
  const embedding = await embedSample(out, fresh, context);
  const { dataset } = embedding;
  await buildIndex(dataset, { factory: 'HNSW32', metric: 'l2', signal });

  const records = await dataset.readRecords();
  const embeddings = await dataset.readEmbeddings();
  const labelled = labelRecords(records);
  const options = { ...SAMPLE_SPLIT, k: K, signal };
  const knn = await evaluateKnn({ ...labelled, embeddings, dim: dataset.dim }, options);
  const tfidf = await evaluateTfidf({ ...labelled, texts: records.map(({ answer }) => answer) }, options);
  const example = await identifyExample(records, embeddings, labelled, { ...SAMPLE_SPLIT, signal, k: K, evidence: 2 });

  await writeReport(join(out, 'report'), {
    title: 'Quickstart: whose answer is it?',
    description:
      `${formatCount(dataset.rows)} answers of ${countModels(records)} models. ` +
      'No proposition is on both sides of the split.',
    entries: [
      { name: `${dataset.manifest.encoder.name}, kNN`, result: knn },
      { name: 'TF-IDF, kNN', result: tfidf },
    ],
  });
  const summary: QuickstartSummary = {
    rows: dataset.rows,
    models: countModels(records),
    chance: knn.chance,
    knnAccuracy: knn.accuracy,
    tfidfAccuracy: tfidf.accuracy,
    embedSeconds: embedding.embedSeconds,
    answersPerSecond: embedding.answersPerSecond,
  };
  await replaceFile(join(out, 'summary.json'), [`${JSON.stringify(summary, null, 2)}\n`]);
  context.print(describeQuickstart(out, summary, embedding, knn, example, context.width));
}

function countModels(records: readonly QaRecord[]): number {
  return new Set(records.map(({ model }) => model)).size;
}

function describeQuickstart(
  out: string,
  summary: QuickstartSummary,
  { reused, dataset }: SampleEmbedding,
  knn: KnnResult,
  { record, report }: Example,
  width: number,
): string {
  const { rows, models, knnAccuracy, tfidfAccuracy, chance } = summary;
  const values = join(out, 'values');
  const figures = formatTable([
    ['chance', formatPercent(chance)],
    ['words (TF-IDF) and kNN', formatPercent(tfidfAccuracy)],
    ['embeddings and kNN', formatPercent(knnAccuracy)],
  ]);
  const files = formatTable([
    [values, 'dataset with index'],
    [join(out, 'report', 'report.md'), 'accuracy by model, confusion, plots'],
    [join(out, 'summary.json'), 'these figures'],
  ]);
  const encoder = dataset.manifest.encoder.name;
  const rate = `${formatRate(summary.answersPerSecond)} answers/s`;
  const origin = reused ? ' (measured by an earlier run; --fresh embeds again)' : '';
  return `${formatCount(rows)} answers of ${models} models to political propositions, embedded with ${encoder}
in ${formatDuration(summary.embedSeconds)}: ${rate}${origin}.

Whose answer is it? ${formatCount(knn.test)} held-out answers, identified by their ${K} nearest neighbours
among ${formatCount(knn.train)} answers to other propositions:
${indent(figures)}
The encoder was not trained on answers to the held-out propositions (models/univar-mini/README.md).

One of them, written by ${record.model}:
${describeIdentification(report, width)}

Files
${indent(files)}

Next, try the sample:
  npx univar identify ${values} --text "Globalisation should serve people, not companies."
or your own answers (question, answer, model and lang in JSONL, CSV or Parquet):
  npx univar embed answers.jsonl --out my-values
  npx univar index my-values --factory HNSW32
  npx univar eval knn my-values --k 50 --split question`;
}
