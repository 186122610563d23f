import { join } from 'node:path';

import { makeFolder } from '../../core/make-folder.js';
import { replaceFile } from '../../core/replace-file.js';
import { type ClassifierResult, evaluateClassifier } from '../../evaluation/classifier/evaluate-classifier.js';
import { labelRecords } from '../../evaluation/dataset.js';
import { fitOnTraining, type SplitFit } from '../../evaluation/fitted-knn.js';
import { evaluateKnn, type KnnResult } from '../../evaluation/knn.js';
import { writeReport } from '../../evaluation/report.js';
import { evaluateTfidf, type LabelledTexts } from '../../evaluation/tfidf.js';
import type { FittedDataset } from '../../pipeline/fit/fit-types.js';
import type { QaRecord } from '../../records/record.js';
import type { CliContext } from '../context.js';
import { showClassifierStages } from '../eval/classifier-progress.js';
import { fitWithProgress } from '../fit/run.js';
import { formatCount, formatDuration, formatPercent, formatRate, formatTable, indent } from '../format.js';
import { describeIdentification } from '../identify/report.js';
import { StagedProgress } from '../staged-progress.js';
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
  /** Of a classifier trained on the answers that vote. */
  classifierAccuracy: number;
  tfidfAccuracy: number;
  embedSeconds: number;
  answersPerSecond: number;
  /** Seconds to fit an encoder on the sample, to encode it and to build the index. */
  fitSeconds: number;
  /** Seconds to train a classifier on the sample and to calibrate its probabilities. */
  classifierSeconds: number;
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
  const { splitFit, classifier } = await fitSplit({ ...labelled, texts }, context);
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
      { name: 'classifier', result: classifier },
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
    classifierAccuracy: classifier.accuracy,
    encoderAccuracy: knn.accuracy,
    tfidfAccuracy: tfidf.accuracy,
    embedSeconds: embedding.embedSeconds,
    answersPerSecond: embedding.answersPerSecond,
    fitSeconds: fit.seconds.fit + fit.seconds.encode + fit.seconds.index,
    classifierSeconds: fit.seconds.classify,
  };
  await replaceFile(join(out, 'summary.json'), [`${JSON.stringify(summary, null, 2)}\n`]);
  context.print(describeQuickstart({ out, summary, embedding, fit, result: fitted, example, width: context.width }));
}

/** Fits an encoder and trains a classifier on the voting answers, with progress. */
async function fitSplit(
  data: LabelledTexts,
  context: CliContext,
): Promise<{ splitFit: SplitFit; classifier: ClassifierResult }> {
  const options = { ...SAMPLE_SPLIT, signal: context.signal };
  const progress = new StagedProgress(context);
  const step = { label: 'fit without held-out answers', unit: 'steps' };
  try {
    progress.begin(step);
    const onProgress = (steps: number): void => progress.update(step, steps);
    const splitFit = await fitOnTraining(data, { ...options, onProgress });
    const stages = showClassifierStages(progress);
    return {
      splitFit,
      classifier: await evaluateClassifier(data, { ...options, unknown: false, onProgress: stages }),
    };
  } finally {
    progress.stop();
  }
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
  const { rows, models, fittedAccuracy, classifierAccuracy, encoderAccuracy, tfidfAccuracy, chance } = summary;
  const { reused, dataset } = embedding;
  const encoder = dataset.manifest.encoder.name;
  const values = join(out, 'values');
  const figures = formatTable([
    ['chance', formatPercent(chance)],
    [`${K} neighbours, words (TF-IDF)`, formatPercent(tfidfAccuracy)],
    [`${K} neighbours, ${encoder}`, formatPercent(encoderAccuracy)],
    [`${K} neighbours, fitted encoder`, formatPercent(fittedAccuracy)],
    ['classifier', formatPercent(classifierAccuracy)],
  ]);
  const files = formatTable([
    [values, 'dataset with the fitted encoder, its index and the classifier'],
    [join(out, 'report', 'report.md'), 'accuracy by model, confusion, plots'],
    [join(out, 'summary.json'), 'these figures'],
  ]);
  const rate = `${formatRate(summary.answersPerSecond)} answers/s`;
  const origin = reused ? ' (measured by an earlier run; --fresh embeds again)' : '';
  return `${formatCount(rows)} answers of ${models} models to political propositions, embedded with ${encoder}
in ${formatDuration(summary.embedSeconds)}: ${rate}${origin}.
An encoder was fitted on them in ${formatDuration(fit.seconds.fit)}. A classifier was trained and its probabilities
calibrated in ${formatDuration(summary.classifierSeconds)}.

Whose answer is it? ${formatCount(result.test)} held-out answers, identified by nearest neighbours
among ${formatCount(result.train)} answers to other propositions, and by a classifier trained on these:
${indent(figures)}
For these figures, encoder and classifier were trained on the other propositions alone: they have not seen
the held-out answers.

One of them, written by ${example.record.model}:
${describeIdentification(example.report, width)}

Files
${indent(files)}

Next, try the sample:
  npx univar identify ${values} --text "Globalisation should serve people, not companies."
or your own answers (question, answer, model and lang in JSONL, CSV or Parquet):
  npx univar embed answers.jsonl --out my-values
  npx univar index my-values
  npx univar eval classifier my-values --split question`;
}
