/** Describes the figures of a comparison in words, the same on a page and in a terminal. */
import type { Interval } from '../../evaluation/bootstrap.js';
import type { MatrixEntry } from '../compare-all.js';
import type { Comparison, PairTest } from '../compare-answers.js';
import { smallestP } from '../question-differences.js';
import { ALPHA } from '../sufficient-questions.js';

export function formatP(p: number): string {
  return p < 0.001 ? p.toFixed(5) : p.toFixed(3);
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Formats a value with its interval. */
export function withInterval(value: number, interval: Interval | null, format: (value: number) => string): string {
  return interval ? `${format(value)} (${format(interval.low)} to ${format(interval.high)})` : format(value);
}

/** Describes the figures of a pair as questions and answers. */
export function describeTest({ questions, difference, classifier }: PairTest): [question: string, answer: string][] {
  const { p, draws, distance, interval, share, sufficient } = difference;
  const found = p <= ALPHA ? 'Yes' : 'Not found';
  const needed =
    sufficient.questions === null
      ? 'unknown, because the estimated difference is 0'
      : sufficient.questions.toLocaleString('en-US') +
        (sufficient.questions > questions ? `, more than the ${questions.toLocaleString('en-US')} here` : '');
  return [
    ['Do they differ?', `${found}: p = ${formatP(p)}, from ${draws.toLocaleString('en-US')} swaps within questions`],
    [
      'How far apart are their means?',
      `${withInterval(distance, interval, (value) => value.toFixed(3))}; this shift, the same in all questions, is ` +
        `${percent(share)} of the squared distance between two answers`,
    ],
    [
      'How often can they be told apart?',
      `${withInterval(classifier.accuracy, classifier.interval, percent)} of single answers; chance is 50 %. By ` +
        `${classifier.classifier}, fitted on other questions`,
    ],
    ['How many questions are enough?', `${needed} (power ${100 * sufficient.power} % at ${sufficient.alpha})`],
  ];
}

/** Says how the questions are ordered, and how small their p values can be. */
export function describeOrder({ questionDifferences, hasSamples }: Comparison): string {
  if (!hasSamples)
    return (
      'In order of distance. With one answer of each side to most questions, this includes how far two answers of ' +
      'one model are apart by chance; several answers to a question would separate the two.'
    );
  const tested = questionDifferences.filter(({ adjustedP }) => adjustedP !== null);
  const found = tested.filter(({ adjustedP }) => adjustedP! <= ALPHA).length;
  const samples = Math.max(2, ...tested.map((difference) => difference.samples));
  const least = smallestP(samples);
  const limit =
    least > ALPHA ? ` With ${samples} answers of each side, no p value can be smaller than ${formatP(least)}.` : '';
  return (
    'In order of how much farther apart the sides are than two answers of one side. After adjustment for the number ' +
    `of questions (Benjamini and Hochberg), ${found} of ${tested.length} p values are at most ${ALPHA}.${limit}`
  );
}

/** Describes the figures of a pair of a matrix in one line. */
export function describePair({ names, difference, classifier, questions, adjustedP }: MatrixEntry): string {
  const { distance, interval } = difference;
  return (
    `${names[0]} and ${names[1]}: distance ${withInterval(distance, interval, (value) => value.toFixed(3))}, ` +
    `told apart ${percent(classifier.accuracy)}, adjusted p ${formatP(adjustedP)}, ${questions} questions`
  );
}

/** Shows line breaks, which are tokens like any other. */
export function visiblePhrase(phrase: string): string {
  return phrase.replace(/\n/g, '↵');
}

/** Warns of a comparison that any two languages would pass. */
export const OTHER_LANGUAGE =
  'A and B were asked in different languages. If their answers are in these languages, they differ in every word, ' +
  'and the figures say nothing about values.';

/** The limits of every comparison. */
export const CAVEATS = [
  'A difference can lie in anything that the encoder sees: opinion, but also wording, length, layout and language. ' +
    'This comparison does not separate values from style.',
  'A small p says that a difference is not chance. It does not say that the difference is large or that it matters: ' +
    'see the distance and the share of answers that can be told apart.',
  'A large p does not say that the sides are equal. The last of the figures says how many questions it takes to ' +
    'find a difference of the estimated size.',
  'If the encoder was trained on these answers with the names of their models, they lie farther apart than new ' +
    'answers of the same models would, and p is too small.',
] as const;
