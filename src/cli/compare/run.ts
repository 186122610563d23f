import { existsSync } from 'node:fs';
import { extname } from 'node:path';

import { type ComparisonMatrix, compareAll } from '../../comparison/compare-all.js';
import {
  type Comparison,
  type ComparisonStep,
  compareAnswers,
  type PairTest,
} from '../../comparison/compare-answers.js';
import { comparisonPage } from '../../comparison/report/comparison-page.js';
import { heatMap } from '../../comparison/report/heat-map.js';
import { type MatrixPageOptions, matrixPage } from '../../comparison/report/matrix-page.js';
import { EngineError } from '../../core/errors.js';
import { expectReplaceable, replaceFile } from '../../core/replace-file.js';
import { type ReadSides, type ReadSidesOptions, readSides } from '../../pipeline/comparison/read-sides.js';
import type { CliContext } from '../context.js';
import { describeSeenAnswers } from '../seen-answers.js';
import { StagedProgress } from '../staged-progress.js';
import { type CompareCliOptions, KINDS } from './options.js';
import { describeComparison, describeMatrix } from './print.js';

const UNITS: Record<ComparisonStep, string> = {
  swap: 'draws',
  classify: 'folds',
  questions: 'questions',
  phrases: 'answers',
};

/** Minimum number of questions in a report, and of phrases of each side in a report or in JSON. */
const REPORTED = 25;

/** `univar compare` */
export async function runCompare(names: string[], options: CompareCliOptions, context: CliContext): Promise<void> {
  const { report, json, maxAnswers, seed } = options;
  const { signal } = context;
  const sources = sourcesOf(names, options);
  const isMatrix = options.all !== undefined || names.length > 2;
  if (report !== undefined) {
    expectReportName(report, isMatrix);
    await expectReplaceable(report);
  }
  const progress = new StagedProgress(context);
  try {
    const onProgress: ReadSidesOptions['onProgress'] = (label, done, total) =>
      progress.update({ label, unit: 'answers', total }, done);
    const read = await readSides({ ...sources, encoder: options.encoder, maxAnswers, seed, signal, onProgress });
    const result = isMatrix
      ? { matrix: await testAll(read, options, signal, progress) }
      : { comparison: await testPair(read, options, signal, progress) };
    progress.stop();
    const { encoder, isSample, seen } = read;
    const note = describeSeenAnswers(seen, 'with it, distances are larger and p values smaller than on new answers');
    if (note !== undefined) context.log(`note: ${note}`);
    if (report !== undefined)
      await replaceFile(report, pageOf(result, { encoder, note }, { report, questions: options.questions }));
    if (json) {
      context.printJson({ encoder, isSample, ...(seen && { seen }), ...(result.matrix ?? result.comparison), report });
      return;
    }
    const text = result.matrix
      ? describeMatrix(result.matrix, read)
      : describeComparison(result.comparison, read, options, context.width);
    context.print(report === undefined ? text : `${text}\n\nReport: ${report}`);
  } finally {
    progress.stop();
  }
}

type Result = { comparison: Comparison; matrix?: never } | { matrix: ComparisonMatrix; comparison?: never };

function sourcesOf(names: string[], { in: source, by, all, filterLang }: CompareCliOptions): ReadSidesOptions {
  if (source === undefined) {
    for (const [flag, value] of Object.entries({ '--all': all, '--by': by, '--filter-lang': filterLang }))
      if (value !== undefined) throw new EngineError('ERR_ARG_TYPE', `${flag} can only be used with --in`);
    const missing = names.find((name) => !existsSync(name));
    if (missing !== undefined)
      throw new EngineError('ERR_DATA', `The file ${missing} does not exist`, {
        remedies: [
          {
            text: 'to compare models or languages of a dataset, name it',
            option: { name: 'in', value: '<dataset>' },
          },
        ],
      });
    return { files: names };
  }
  if (all === undefined) return { source, langs: filterLang, names, by: by && KINDS[by] };
  if (names.length > 0)
    throw new EngineError('ERR_ARG_TYPE', `--all compares all sides and takes no names, got ${names.join(', ')}`);
  return { source, langs: filterLang, by: KINDS[all] };
}

function expectReportName(report: string, isMatrix: boolean): void {
  const endings = isMatrix ? ['.html', '.svg'] : ['.html'];
  if (!endings.includes(extname(report).toLowerCase()))
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected a file name that ends in ${endings.join(' or ')} for "report", got ${JSON.stringify(report)}`,
    );
}

async function testPair(
  { sides, dim, within, answers }: ReadSides,
  { draws, samples: bootstrapSamples, seed, phrases }: CompareCliOptions,
  signal: AbortSignal,
  progress: StagedProgress,
): Promise<Comparison> {
  const comparison = await compareAnswers(sides[0]!, sides[1]!, {
    dim,
    within,
    draws,
    bootstrapSamples,
    seed,
    phrases: Math.max(phrases, REPORTED),
    signal,
    onProgress: (step, done, total) => progress.update({ label: step, unit: UNITS[step], total }, done),
  });
  return withLeftOut(comparison, answers[0]!, answers[1]!);
}

async function testAll(
  { sides, dim, within, answers }: ReadSides,
  { draws, samples: bootstrapSamples, seed }: CompareCliOptions,
  signal: AbortSignal,
  progress: StagedProgress,
): Promise<ComparisonMatrix> {
  const onProgress = (done: number, total: number): void =>
    progress.update({ label: 'compare', unit: 'pairs', total }, done);
  const matrix = await compareAll(sides, { dim, within, draws, bootstrapSamples, seed, signal, onProgress });
  const pairs = matrix.pairs.map((pair) => withLeftOut(pair, answers[pair.sides[0]]!, answers[pair.sides[1]]!));
  return { ...matrix, pairs };
}

/** Also counts the answers that were not read: those without a partner on any side, and those that were not drawn. */
function withLeftOut<T extends PairTest>(test: T, answersA: number, answersB: number): T {
  return { ...test, leftOut: [answersA - test.answers, answersB - test.answers] };
}

function pageOf(
  { comparison, matrix }: Result,
  heading: MatrixPageOptions,
  { report, questions }: { report: string; questions: number },
): string[] {
  if (comparison) return comparisonPage(comparison, { ...heading, questions: Math.max(questions, REPORTED) });
  return report.toLowerCase().endsWith('.svg') ? [heatMap(matrix)] : matrixPage(matrix, heading);
}
