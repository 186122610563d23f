import { EngineError } from '../../core/errors.js';
import { makeFolder } from '../../core/make-folder.js';
import { type Dataset, openDataset } from '../../datasets/dataset.js';
import { DEFAULT_ENCODER } from '../../encoder/default-encoder.js';
import type { ClassificationResult } from '../../evaluation/classification.js';
import type { EvaluationOptions } from '../../evaluation/prepare.js';
import { writeReport } from '../../evaluation/report.js';
import type { Report, ReportEntry } from '../../evaluation/report-types.js';
import { findTrainingRun } from '../../pipeline/dataset-encoder.js';
import { countSeenAnswers } from '../../pipeline/seen-answers.js';
import { trainingCurves } from '../../training/plots.js';
import type { CliContext } from '../context.js';
import { formatCount, formatPercent, formatTable } from '../format.js';
import { warnAboutSeenAnswers } from '../seen-answers.js';
import type { EvalOptions } from './options.js';

/** Returns the figures that all evaluations print with `--json`. */
export function commonFigures(
  result: ClassificationResult,
): Pick<ClassificationResult, 'accuracy' | 'balancedAccuracy' | 'weightedF1' | 'chance' | 'train' | 'test' | 'perId'> {
  const { accuracy, balancedAccuracy, weightedF1, chance, train, test, perId } = result;
  return { accuracy, balancedAccuracy, weightedF1, chance, train, test, perId };
}

/** Converts the options of the command line to those of the library. */
export function evaluationOptions(
  { split, target, minPerId, seed }: EvalOptions,
  context: CliContext,
): EvaluationOptions & { target: 'valueId' | 'model' | 'lang' } {
  return { split, target: target === 'value-id' ? 'valueId' : target, minPerId, seed, signal: context.signal };
}

/** An evaluation, ready to print. */
export interface Evaluated {
  /** The results, for the report. */
  entries: readonly ReportEntry[];
  /** The encoder whose vectors were evaluated. */
  encoder: string;
  /** True if an encoder was fitted on the answers that vote, starting from the default encoder. */
  fitted?: boolean;
  json: object;
  lines: readonly string[];
}

/** Opens the dataset, evaluates it, writes the report if one is requested, and prints the result. */
export async function evaluateAndPrint(
  dir: string,
  options: EvalOptions,
  context: CliContext,
  method: string,
  evaluate: (dataset: Dataset) => Promise<Evaluated>,
): Promise<void> {
  if (options.report !== undefined) await makeFolder(options.report);
  const dataset = await openDataset(dir);
  const { entries, encoder, fitted = false, json, lines } = await evaluate(dataset);
  const seen = await countSeenAnswers(dataset, {
    folder: fitted ? DEFAULT_ENCODER : undefined,
    signal: context.signal,
  });
  warnAboutSeenAnswers(seen, context);
  if (options.report !== undefined) {
    await writeReport(options.report, {
      title: `${method} on ${dir}`,
      description:
        `${formatCount(dataset.rows)} answers, encoder: ${encoder}; target ${options.target}, ` +
        `split by ${options.split}, seed ${options.seed}.`,
      entries,
      training: await readTrainingCurves(dataset, context),
    });
  }
  if (options.json) {
    context.printJson({ ...json, ...(seen && { seen }) });
    return;
  }
  const report = options.report === undefined ? [] : ['', `Report: ${options.report}/report.md`];
  context.print([...lines, ...report].join('\n'));
}

/**
 * Reads the curves of the training run that made the encoder; none if it has no run. If the curves cannot be read, the
 * evaluation still succeeds.
 */
async function readTrainingCurves(dataset: Dataset, context: CliContext): Promise<NonNullable<Report['training']>> {
  const run = await findTrainingRun(dataset);
  if (run === undefined) return [];
  try {
    return await trainingCurves(run);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    context.log(`note: the report has no training curves: ${error.message}`);
    return [];
  }
}

/** Describes one result in lines: its split, its figures, and those of every label. */
export function describeResult(method: string, encoder: string, result: ClassificationResult): string[] {
  return [`${method} with ${encoder}: ${describeSplit(result)}`, ...describeFigures(result)];
}

/** Describes the sizes of a split. */
export function describeSplit({ train, test, perId, split }: ClassificationResult): string {
  const sides = `${formatCount(test)} held-out answers against ${formatCount(train)}`;
  return `${sides}, ${perId.length} labels, split by ${split}`;
}

function describeFigures(result: ClassificationResult): string[] {
  const { accuracy, balancedAccuracy, weightedF1, chance, perId, intervals } = result;
  const range = intervals
    ? ` (95 % interval ${formatPercent(intervals.accuracy.low)} to ${formatPercent(intervals.accuracy.high)})`
    : '';
  const rows = perId.map((id) => [
    id.id,
    String(id.train),
    String(id.test),
    id.recall === null ? '-' : formatPercent(id.recall),
    id.f1 === null ? '-' : id.f1.toFixed(3),
  ]);
  return [
    '',
    `accuracy           ${formatPercent(accuracy)}${range}`,
    `balanced accuracy  ${formatPercent(balancedAccuracy)}`,
    `weighted F1        ${weightedF1.toFixed(3)}`,
    `chance             ${formatPercent(chance)}`,
    '',
    formatTable([['label', 'train', 'test', 'recall', 'F1'], ...rows]),
  ];
}
