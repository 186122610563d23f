import { join } from 'node:path';

import { makeFolder } from '../../core/make-folder.js';
import { replaceFile } from '../../core/replace-file.js';
import { labelRecords } from '../../evaluation/dataset.js';
import { fitOnTraining } from '../../evaluation/fitted-knn.js';
import { evaluateKnn, type KnnResult } from '../../evaluation/knn.js';
import { writeReport } from '../../evaluation/report.js';
import { evaluateTfidf } from '../../evaluation/tfidf.js';
import type { FittedDataset } from '../../pipeline/fit/fit-types.js';
import type { QaRecord } from '../../records/record.js';
import type { CliContext } from '../context.js';
import { fitWithProgress } from '../fit/run.js';
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
  /** Of the vectors of the encoder that embedded the sample. */
  encoderAccuracy: number;
  /** Of an encoder fitted on the answers that vote. */
  fittedAccuracy: number;
  tfidfAccuracy: number;
  embedSeconds: number;
  answersPerSecond: number;
  /** Seconds to fit an encoder on the sample, to encode it and to build the index. */
  fitSeconds: number;
}

/** `univar quickstart` */
export async function runQuickstart({ out, fresh = false }: QuickstartOptions, context: CliContext): Promise<void> {
  const { signal } = context;
  await makeFolder(out);
  const embedding = await embedSample(out, fresh, context);
  const { dataset } = embedding;
  const fit = await fitWithProgress(dataset, {}, context);

  const records = await dataset.readRecords();
  const labelled = labelRecords(records);
  const texts = records.map(({ answer }) => answer);
  const options = { ...SAMPLE_SPLIT, k: K, signal };
  const own = { ...labelled, embeddings: await dataset.readEmbeddings(), dim: dataset.dim };
  const knn = await evaluateKnn(own, options);
  const tfidf = await evaluateTfidf({ ...labelled, texts }, options);
  const splitFit = await fitOnTraining({ ...labelled, texts }, { ...SAMPLE_SPLIT, signal });
  const fitted = await evaluateKnn(splitFit, options);
  const example = await identifyExample(records, splitFit.embeddings, labelled, {
    ...SAMPLE_SPLIT,
    signal,
    k: K,
    evidence: 2,
  });

  await writeReport(join(out, 'report'), {
    title: 'Quickstart: whose answer is it?',
    description:
      `${formatCount(dataset.rows)} answers of ${countModels(records)} models. ` +
      'No proposition is on both sides of the split.',
    entries: [
      { name: 'fitted encoder, kNN', result: fitted },
      { name: `${dataset.manifest.encoder.name}, kNN`, result: knn },
      { name: 'TF-IDF, kNN', result: tfidf },
    ],
  });
  const summary: QuickstartSummary = {
    rows: dataset.rows,
    models: countModels(records),
    chance: fitted.chance,
    fittedAccuracy: fitted.accuracy,
    encoderAccuracy: knn.accuracy,
    tfidfAccuracy: tfidf.accuracy,
    embedSeconds: embedding.embedSeconds,
    answersPerSecond: embedding.answersPerSecond,
    fitSeconds: fit.seconds.fit + fit.seconds.encode + fit.seconds.index,
  };
  await replaceFile(join(out, 'summary.json'), [`${JSON.stringify(summary, null, 2)}\n`]);
  context.print(describeQuickstart({ out, summary, embedding, fit, result: fitted, example, width: context.width }));
}

function countModels(records: readonly QaRecord[]): number {
  return new Set(records.map(({ model }) => model)).size;
}

interface QuickstartResult {
  out: string;
  summary: QuickstartSummary;
  embedding: SampleEmbedding;
  fit: FittedDataset;
  result: KnnResult;
  example: Example;
  width: number;
}

function describeQuickstart({ out, summary, embedding, fit, result, example, width }: QuickstartResult): string {
  const { rows, models, fittedAccuracy, encoderAccuracy, tfidfAccuracy, chance } = summary;
  const { reused, dataset } = embedding;
  const encoder = dataset.manifest.encoder.name;
  const values = join(out, 'values');
  const figures = formatTable([
    ['chance', formatPercent(chance)],
    ['words (TF-IDF)', formatPercent(tfidfAccuracy)],
    [encoder, formatPercent(encoderAccuracy)],
    ['fitted encoder', formatPercent(fittedAccuracy)],
  ]);
  const files = formatTable([
    [values, 'dataset with the fitted encoder and its index'],
    [join(out, 'report', 'report.md'), 'accuracy by model, confusion, plots'],
    [join(out, 'summary.json'), 'these figures'],
  ]);
  const rate = `${formatRate(summary.answersPerSecond)} answers/s`;
  const origin = reused ? ' (measured by an earlier run; --fresh embeds again)' : '';
  return `${formatCount(rows)} answers of ${models} models to political propositions, embedded with ${encoder}
in ${formatDuration(summary.embedSeconds)}: ${rate}${origin}.
An encoder was fitted on them in ${formatDuration(fit.seconds.fit)}.

Whose answer is it? ${formatCount(result.test)} held-out answers, identified by their ${K} nearest neighbours
among ${formatCount(result.train)} answers to other propositions:
${indent(figures)}
For these figures, an encoder was fitted on the other propositions alone: it has not seen the held-out answers.

One of them, written by ${example.record.model}:
${describeIdentification(example.report, width)}

Files
${indent(files)}

Next, try the sample:
  npx univar identify ${values} --text "Globalisation should serve people, not companies."
or your own answers (question, answer, model and lang in JSONL, CSV or Parquet):
  npx univar embed answers.jsonl --out my-values
  npx univar index my-values
  npx univar eval knn my-values --k 50 --split question`;
}
