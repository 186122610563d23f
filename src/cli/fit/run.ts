import { type Dataset, openDataset } from '../../datasets/dataset.js';
import { type FitDatasetOptions, fitDataset } from '../../pipeline/fit/fit-dataset.js';
import type { FitStage, FittedDataset } from '../../pipeline/fit/fit-types.js';
import type { CliContext } from '../context.js';
import { formatCount, formatDuration, plural } from '../format.js';
import { warnAboutSeenAnswers } from '../seen-answers.js';
import { StagedProgress } from '../staged-progress.js';
import type { FitCliOptions } from './options.js';

const UNITS: Record<FitStage, string> = {
  read: 'answers',
  fit: 'steps',
  encode: 'answers',
  classify: 'value ids',
  calibrate: 'folds',
  index: 'vectors',
};

/** `univar fit`: fits an encoder and prints what it was fitted on. */
export async function runFit(
  dir: string,
  { index, factory, json, ...settings }: FitCliOptions,
  context: CliContext,
): Promise<void> {
  const dataset = await openDataset(dir);
  const fitted = await fitWithProgress(dataset, { ...settings, index: index && { factory } }, context);
  if (json) context.printJson({ dataset: dir, ...fitted });
  else context.print(describeFit(fitted));
}

/** Fits with progress on standard error, and warns if the base was trained on the answers. */
export async function fitWithProgress(
  dataset: Dataset,
  options: Omit<FitDatasetOptions, 'signal' | 'events'>,
  context: CliContext,
): Promise<FittedDataset> {
  const progress = new StagedProgress(context);
  const onProgress = (stage: FitStage, done: number, total: number): void =>
    progress.update({ label: stage, unit: UNITS[stage], total }, done);
  let fitted: FittedDataset;
  try {
    fitted = await fitDataset(dataset, { ...options, signal: context.signal, events: { onProgress } });
  } finally {
    progress.stop();
  }
  warnAboutSeenAnswers(fitted.seen, context);
  return fitted;
}

/** Describes a fit in a few lines. */
export function describeFit({
  answers,
  valueIds,
  ngrams,
  rows,
  dim,
  seconds,
  index,
  folder,
  hasClassifier,
}: FittedDataset): string {
  const fitted =
    `Fitted an encoder on ${plural(answers, 'answer')} of ${plural(valueIds, 'value id')} in ` +
    `${formatDuration(seconds.fit)}: ${formatCount(ngrams)} n-grams, ${folder}`;
  const encoded = `Encoded ${plural(rows, 'answer')} in ${formatDuration(seconds.encode)}: ${dim} dimensions`;
  const classified = hasClassifier
    ? [`Trained a classifier and calibrated its probabilities in ${formatDuration(seconds.classify)}`]
    : [];
  const indexed = index && `Indexed them with ${index.factory} in ${formatDuration(seconds.index)}`;
  return [fitted, encoded, ...classified, ...(indexed ? [indexed] : [])].join('\n');
}
