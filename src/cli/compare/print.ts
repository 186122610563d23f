/** Describes a comparison for a terminal. */
import type { ComparisonMatrix, MatrixEntry } from '../../comparison/compare-all.js';
import type { Comparison } from '../../comparison/compare-answers.js';
import type { MarkingPhrase } from '../../comparison/marking-phrases.js';
import {
  describeOrder,
  describeTest,
  formatP,
  OTHER_LANGUAGE,
  percent,
  visiblePhrase,
  withInterval,
} from '../../comparison/report/wording.js';
import { ALPHA } from '../../comparison/sufficient-questions.js';
import type { ReadSides } from '../../pipeline/comparison/read-sides.js';
import { excerpt, formatCount, formatTable, indent, plural, wrap } from '../format.js';
import { type CompareCliOptions, LIMIT } from './options.js';

/** If there are more pairs than this, only the closest and the farthest are printed. */
const MAX_PAIRS = 30;
const MIN_EXCERPT = 12;

export function describeComparison(
  comparison: Comparison,
  { encoder, isSample }: ReadSides,
  { questions, phrases }: CompareCliOptions,
  width: number,
): string {
  const { names, answers, leftOut } = comparison;
  const figures = describeTest(comparison);
  const labelWidth = Math.max(...figures.map(([label]) => label.length));
  return [
    [
      `A is ${names[0]}, B is ${names[1]}`,
      ...wrap(
        `${plural(comparison.questions, 'question')} that both answered${isSample ? ', drawn at random' : ''}, ` +
          `${plural(answers, 'answer')} of each (${leftOut.map(formatCount).join(' and ')} left out), ` +
          `embedded with ${encoder}`,
        width,
      ),
    ].join('\n'),
    figures
      .flatMap(([label, text]) =>
        wrap(text, width - labelWidth - 2).map((line, i) => `${(i === 0 ? label : '').padEnd(labelWidth)}  ${line}`),
      )
      .join('\n'),
    ...(comparison.sharesLanguage ? [] : [wrap(OTHER_LANGUAGE, width).join('\n')]),
    ...(questions > 0 ? [describeQuestions(comparison, questions, width)] : []),
    ...(phrases > 0
      ? comparison.phrases.map((own, side) => describePhrases(own.slice(0, phrases), names[side as 0 | 1], width))
      : []),
    `${LIMIT} (docs/compare.md).`,
  ].join('\n\n');
}

function describeQuestions(comparison: Comparison, count: number, width: number): string {
  const { questionDifferences } = comparison;
  const shown = questionDifferences.slice(0, count).map(({ qid, question, apart, excess, p, adjustedP, answers }) => {
    const figures =
      excess === null || p === null || adjustedP === null
        ? `${apart.toFixed(3)} apart`
        : `${excess.toFixed(3)}, p = ${formatP(p)}, adjusted ${formatP(adjustedP)}`;
    const texts = [question, ...answers.map((answer, side) => `${'AB'[side]!}: ${answer}`)];
    return [`${qid}: ${figures}`, ...texts.map((text) => indent(excerpt(text, width - 2)))].join('\n');
  });
  return [...wrap(`Where do they differ most? ${describeOrder(comparison)}`, width), ...shown].join('\n');
}

function describePhrases(phrases: readonly MarkingPhrase[], name: string, width: number): string {
  if (phrases.length === 0) return `No phrase marks the answers of ${name}.`;
  const table = formatTable([
    [`more in ${name}`, 'z', 'A', 'B'],
    ...phrases.map(({ phrase, z, answers }) => [visiblePhrase(phrase), z.toFixed(1), ...answers.map(formatCount)]),
  ]).split('\n');
  const used = Math.max(...table.map((line) => line.length)) + 2;
  const examples = phrases.map(({ example: { before, match, after } }) => `${before}[${match}]${after}`);
  return table
    .map((line, i) =>
      i === 0 ? line : `${line.padEnd(used)}${excerpt(examples[i - 1]!, Math.max(MIN_EXCERPT, width - used))}`,
    )
    .join('\n');
}

export function describeMatrix({ names, pairs, missing, order }: ComparisonMatrix, { encoder }: ReadSides): string {
  const sorted = [...pairs].sort((a, b) => a.difference.distance - b.difference.distance);
  const found = pairs.filter(({ adjustedP }) => adjustedP <= ALPHA).length;
  const shown =
    sorted.length <= MAX_PAIRS
      ? [pairTable(sorted)]
      : [
          `The closest pairs:\n${pairTable(sorted.slice(0, MAX_PAIRS / 2))}`,
          `The pairs farthest apart:\n${pairTable(sorted.slice(-MAX_PAIRS / 2))}`,
        ];
  const without = missing.length > 0 ? `; ${plural(missing.length, 'pair')} without two common questions left out` : '';
  return [
    `${plural(names.length, 'side')}, ${plural(pairs.length, 'pair')}${without}; embedded with ${encoder}. ` +
      `A difference was found for ${plural(found, 'pair')} (p <= ${ALPHA}, adjusted for the number of pairs).`,
    ...shown,
    `In the order of their tree: ${order.map((item) => names[item]!).join(', ')}`,
    `${LIMIT} (docs/compare.md).`,
  ].join('\n\n');
}

function pairTable(pairs: readonly MatrixEntry[]): string {
  return formatTable([
    ['A', 'B', 'questions', 'distance', 'adjusted p', 'told apart'],
    ...pairs.map(({ names: [a, b], questions, difference, classifier, adjustedP }) => [
      a,
      b,
      formatCount(questions),
      withInterval(difference.distance, difference.interval, (value) => value.toFixed(3)),
      formatP(adjustedP),
      withInterval(classifier.accuracy, classifier.interval, percent),
    ]),
  ]);
}
