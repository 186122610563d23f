import { type Dataset, openDataset } from '../../datasets/dataset.js';
import { DEFAULT_ENCODER } from '../../encoder/default-encoder.js';
import type { SeenAnswers } from '../../encoder/folder/training-answers.js';
import type { ControlSide } from '../../evaluation/control/control-rows.js';
import { type ControlResult, type ControlRow, evaluateControl } from '../../evaluation/control/evaluate-control.js';
import type { Figure } from '../../evaluation/control/figure.js';
import { labelRecords } from '../../evaluation/dataset.js';
import { countSeenAnswers } from '../../pipeline/seen-answers.js';
import type { CliContext } from '../context.js';
import { formatCount, formatPercent, formatTable } from '../format.js';
import { warnAboutSeenAnswers } from '../seen-answers.js';
import type { EvalControlOptions } from './options.js';

const TITLES: Record<ControlRow['method'], string> = {
  tfidf: 'words (TF-IDF), kNN',
  encoder: 'encoder, kNN',
  fitted: 'fitted encoder, kNN',
  classifier: 'classifier',
};

/** `univar eval control` */
export async function runEvalControl(
  dirs: { values: string; control: string },
  { target, json, ...options }: EvalControlOptions,
  context: CliContext,
): Promise<void> {
  const datasets = { values: await openDataset(dirs.values), control: await openDataset(dirs.control) };
  const countSeen = async (dataset: Dataset): Promise<SeenAnswers | undefined> => {
    const counts = await countSeenAnswers(dataset, { folder: DEFAULT_ENCODER, signal: context.signal });
    warnAboutSeenAnswers(counts, context);
    return counts;
  };
  const seen = { values: await countSeen(datasets.values), control: await countSeen(datasets.control) };
  const label = target === 'value-id' ? 'valueId' : target;
  const data = { values: await readSide(datasets.values, label), control: await readSide(datasets.control, label) };
  const progress = context.progress({ label: 'control', unit: 'results', total: 16 });
  try {
    const onProgress = (done: number): void => progress.update(done);
    const result = await evaluateControl(data, { ...options, signal: context.signal, onProgress });
    if (json) context.printJson({ ...dirs, ...result, seen });
    else context.print(describeControl(dirs, result));
  } finally {
    progress.stop();
  }
}

async function readSide(dataset: Dataset, target: 'valueId' | 'model' | 'lang'): Promise<ControlSide> {
  const records = await dataset.readRecords();
  return {
    ...labelRecords(records, target),
    texts: records.map(({ answer }) => answer),
    embeddings: await dataset.readEmbeddings(),
    dim: dataset.dim,
  };
}

function describeControl(
  dirs: { values: string; control: string },
  { labels, chance, rows, erasure }: ControlResult,
): string {
  const { before, after, random, rank } = erasure;
  return [
    `${formatCount(labels.length)} labels that both sides have. Balanced accuracy ± half of the 95 % interval.`,
    '',
    formatTable([
      ['', 'values', 'other questions', 'drop', 'others to values', 'values to others'],
      ['chance', formatPercent(chance), formatPercent(chance), '-', formatPercent(chance), formatPercent(chance)],
      ...rows.map((row) => [
        TITLES[row.method],
        ...[row.values, row.control, row.drop, row.controlToValues, row.valuesToControl].map(formatFigure),
      ]),
    ]),
    '',
    `Values: ${dirs.values}; other questions: ${dirs.control}. "Others to values" was trained on the other`,
    'questions and tested on those about values. It measures style.',
    '',
    `Directions that tell the labels apart on the other questions, erased from the vectors: ${formatCount(rank)}.`,
    `kNN on questions about values: ${formatFigure(before)} before, ${formatFigure(after)} after, ` +
      `${formatPercent(random)} after as many random directions.`,
  ].join('\n');
}

function formatFigure({ balancedAccuracy, interval }: Figure): string {
  const half = interval ? ` ± ${(50 * (interval.high - interval.low)).toFixed(1)}` : '';
  return `${formatPercent(balancedAccuracy)}${half}`;
}
