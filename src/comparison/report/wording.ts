/** Figures of a comparison in words, the same on a page and in a terminal. */
import type { Interval } from '../../evaluation/bootstrap.js';
import type { MatrixEntry } from '../compare-all.js';
import type { PairTest } from '../compare-answers.js';

/** Level at which a difference counts as found. */
export const ALPHA = 0.05;

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

/** The figures of a pair as questions and answers. */
export function describeTest({ questions, difference, classifier }: PairTest): [question: string, answer: string][] {
  const { p, draws, distance, interval, share, sufficient } = difference;
  const found = p <= ALPHA ? 'Yes' : 'Not found';
  const needed =
    sufficient.questions === null
      ? 'cannot be said, because the estimated difference is 0'
      : sufficient.questions.toLocaleString('en-US') +
        (sufficient.questions > questions ? `, more than the ${questions.toLocaleString('en-US')} here` : '');
  return [
    ['Do they differ?', `${found}: p = ${formatP(p)}, from ${draws.toLocaleString('en-US')} swaps within questions`],
    [
      'How far apart are their means?',
      `${withInterval(distance, interval, (value) => value.toFixed(3))}: ${percent(share)} of the squared distance ` +
        'between two answers to a question',
    ],
    [
      'How often can they be told apart?',
      `${withInterval(classifier.accuracy, classifier.interval, percent)} of single answers, by ` +
        `${classifier.classifier}, fitted on other questions; chance is 50 %`,
    ],
    [`Questions for a power of ${100 * sufficient.power} % at ${sufficient.alpha}`, needed],
  ];
}

/** All figures of a pair of a matrix in one line. */
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

/** The limits of every comparison. */
export const CAVEATS = [
  'A difference is one of anything that the encoder sees: opinion, but also wording, length, layout and language. ' +
    'This comparison does not separate values from style.',
  'A small p says that a difference is not chance. It does not say that the difference is large or that it matters: ' +
    'read the distance and the share of answers that can be told apart.',
  'A large p does not say that the sides are equal. The number of questions at the end of the figures says how many ' +
    'it takes to find a difference of the estimated size.',
  'If the encoder was trained on these answers with the names of their models, they lie farther apart than new ' +
    'answers of the same models would.',
] as const;
