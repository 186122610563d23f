import type { Dataset } from '../../datasets/dataset.js';
import type { ClassificationResult } from '../../evaluation/classification.js';
import type { ClassifierResult } from '../../evaluation/classifier/evaluate-classifier.js';
import {
  evaluateDatasetClassifier,
  evaluateDatasetFittedKnn,
  evaluateDatasetKnn,
  evaluateDatasetTfidf,
} from '../../evaluation/dataset.js';
import type { ReportEntry } from '../../evaluation/report-types.js';
import type { CliContext } from '../context.js';
import { formatCount, formatPercent, formatTable } from '../format.js';
import { StagedProgress } from '../staged-progress.js';
import { showClassifierStages } from './classifier-progress.js';
import type { EvalClassifierOptions } from './options.js';
import { commonFigures, describeSplit, evaluateAndPrint, evaluationOptions } from './print.js';

/** `univar eval classifier` */
export async function runEvalClassifier(
  dir: string,
  options: EvalClassifierOptions,
  context: CliContext,
): Promise<void> {
  await evaluateAndPrint(dir, options, context, 'classifier', async (dataset) => {
    const { peers, classifier, k } = await evaluateMethods(dataset, options, context);
    const entries = [...peers, { name: 'classifier', result: classifier }];
    const { calibration, coverage, together, unknown } = classifier;
    return {
      entries,
      encoder: 'an encoder and a classifier fitted on the other answers',
      fitted: true,
      json: {
        ...commonFigures(classifier),
        methods: entries.map(({ name, result: { accuracy, balancedAccuracy, intervals } }) => ({
          name,
          accuracy,
          balancedAccuracy,
          intervals,
        })),
        calibration,
        coverage,
        together,
        unknown,
        k,
      },
      lines: [
        describeSplit(classifier),
        '',
        formatTable([
          ['', 'balanced accuracy', '95 % interval', 'accuracy'],
          ['chance', formatPercent(classifier.chance), '-', '-'],
          ...entries.map(({ name, result }) => methodRow(name, result)),
        ]),
        '',
        ...describeProbabilities(classifier),
      ],
    };
  });
}

/** Evaluates all methods on the same split, with progress. */
async function evaluateMethods(
  dataset: Dataset,
  { k, unknown, ...options }: EvalClassifierOptions,
  context: CliContext,
): Promise<{ peers: ReportEntry[]; classifier: ClassifierResult; k: number }> {
  const settings = evaluationOptions(options, context);
  const knn = { ...settings, ...(k && { k }) };
  const progress = new StagedProgress(context);
  try {
    progress.begin({ label: 'words', unit: 'methods', total: 1 });
    const tfidf = await evaluateDatasetTfidf(dataset, knn);
    progress.begin({ label: 'neighbours', unit: 'methods', total: 1 });
    const embedded = await evaluateDatasetKnn(dataset, knn);
    const step = { label: 'fit for neighbours', unit: 'steps' };
    progress.begin(step);
    const onProgress = (steps: number): void => progress.update(step, steps);
    const fitted = await evaluateDatasetFittedKnn(dataset, { ...knn, onProgress });
    const classifier = await evaluateDatasetClassifier(dataset, {
      ...settings,
      unknown,
      onProgress: showClassifierStages(progress),
    });
    return {
      peers: [
        { name: 'words (TF-IDF), kNN', result: tfidf },
        { name: `${dataset.manifest.encoder.name}, kNN`, result: embedded },
        { name: 'fitted encoder, kNN', result: fitted },
      ],
      classifier,
      k: embedded.k,
    };
  } finally {
    progress.stop();
  }
}

function methodRow(name: string, { balancedAccuracy, accuracy, intervals }: ClassificationResult): string[] {
  const range = intervals?.balancedAccuracy;
  return [
    name,
    formatPercent(balancedAccuracy),
    range ? `${formatPercent(range.low)} to ${formatPercent(range.high)}` : '-',
    formatPercent(accuracy),
  ];
}

function describeProbabilities({ calibration, coverage, together, unknown }: ClassifierResult): string[] {
  const ten = unknown && (unknown.ten === null ? '' : `, ${unknown.ten.toFixed(3)} for ten together`);
  return [
    `expected calibration error  ${formatPercent(calibration.error)}`,
    ...(unknown ? [`authors left out (ROC area)  ${unknown.one.toFixed(3)} for one answer${ten}`] : []),
    '',
    formatTable([
      ['answers together', 'balanced accuracy', 'labels'],
      ...together.map(({ answers, balancedAccuracy, labels }) => [
        String(answers),
        formatPercent(balancedAccuracy),
        formatCount(labels),
      ]),
    ]),
    '',
    formatTable([
      ['most probable', 'accuracy', 'probability from'],
      ...coverage.map((point) => [
        formatPercent(point.coverage),
        formatPercent(point.accuracy),
        formatPercent(point.probability),
      ]),
    ]),
  ];
}
