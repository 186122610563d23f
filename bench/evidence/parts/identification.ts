/** Table 1: whose answer is it, on questions that were not trained on. */

import { labelRows } from '../../../src/core/row-labels.js';
import { type Split, splitByRow } from '../../../src/evaluation/splits.js';
import { type EvaluatedRows, type Figures, halfWidth, identifyAnswers, mean, rowsOf } from '../identify-answers.js';
import type { Lab } from '../lab.js';
import { percent, percentWith, table } from '../pages.js';
import { plotBars, plotSweeps } from '../plots.js';
import { SEED, VALUE_SETS } from '../value-sets.js';
import { type Outcome, tableEmbedders, titleOf } from './part.js';

/** Sets that other work on values in language models also uses. */
const WIDELY_KNOWN = [
  'government_criticism',
  'political_compass_open',
  'do_not_answer_multi',
  'xstest_safety',
  'redteam_safety',
] as const;

/** Figures by embedder, then by set. */
type BySet = Record<string, Record<string, Figures>>;

export async function identification(lab: Lab): Promise<Outcome> {
  const question: BySet = {};
  const row: BySet = {};
  for (const embedder of tableEmbedders(lab)) {
    question[embedder] = {};
    row[embedder] = {};
    for (const name of VALUE_SETS) {
      const rows = rowsOf(await lab.sample(name, lab.scale.main));
      question[embedder][name] = await identifyAnswers(lab, embedder, rows, name);
      row[embedder][name] = await identifyAnswers(
        lab,
        embedder,
        { ...rows, split: splitTestedRows(rows) },
        `${name}, split by row`,
      );
    }
  }
  return {
    result: { question, row },
    sections: [
      {
        page: 'evidence',
        name: 'identification',
        markdown: [
          means(question),
          '',
          '![kNN accuracy by encoder](evidence/identification.svg)',
          '',
          'With a split by row, among the held-out questions only:',
          '',
          means(row),
        ].join('\n'),
      },
      { page: 'evidence', name: 'identification by set', markdown: bySet(question) },
      {
        page: 'evidence',
        name: 'neighbours',
        markdown: [
          '![Balanced accuracy by number of neighbours](evidence/neighbours.svg)',
          '',
          neighbours(question),
        ].join('\n'),
      },
    ],
    plots: {
      'identification.svg': plotBars(
        Object.entries(question).map(([embedder, figures]) => ({
          name: titleOf(embedder),
          group: '',
          ...meanWithInterval(figures, 'knn'),
          chance: meanOf(figures, ({ chance }) => chance),
        })),
        {
          title: 'Whose answer is it?',
          subtitle: 'kNN accuracy on held-out questions, mean of the value sets, with 95 % interval',
        },
      ),
      'neighbours.svg': plotSweeps(
        Object.entries(question).map(([embedder, figures]) => ({
          name: titleOf(embedder),
          points: sweepOf(figures).map(([k, share]) => ({ k, share })),
        })),
        meanOf(Object.values(question)[0]!, ({ chance }) => chance),
        {
          title: 'Number of neighbours',
          subtitle: 'balanced accuracy of kNN on held-out questions, mean of the value sets; dashed: chance',
        },
      ),
    },
  };
}

/**
 * Splits by row like the paper, so that a question is on both sides. Uses only the tested questions: the others were
 * used for training and would favour the trained encoders.
 */
function splitTestedRows({ labels, split }: EvaluatedRows): Split {
  const counts = new Map<string, number>();
  for (const row of split.test) counts.set(labels[row]!, (counts.get(labels[row]!) ?? 0) + 1);
  const rows = split.test.filter((row) => counts.get(labels[row]!)! > 1);
  const { names, labels: indices } = labelRows(Array.from(rows, (row) => labels[row]!));
  const { train, test } = splitByRow(indices, names, 0.25, SEED);
  return { train: train.map((i) => rows[i]!), test: test.map((i) => rows[i]!) };
}

function meanOf(figures: Record<string, Figures>, value: (figures: Figures) => number): number {
  return mean(Object.values(figures).map(value));
}

function meanWithInterval(figures: Record<string, Figures>, measure: 'knn' | 'probe'): { share: number; half: number } {
  const all = Object.values(figures);
  const shares = all.map(({ knn, probe }) => (measure === 'knn' ? knn.accuracy : probe!.at1));
  return {
    share: mean(shares),
    half: halfWidth(
      all.map(({ knn, probe }) => (measure === 'knn' ? knn.interval : probe!.interval)),
      'mean',
    ),
  };
}

function means(figures: BySet): string {
  const withProbe = (embedder: Record<string, Figures>): boolean =>
    Object.values(embedder).every(({ probe }) => probe !== null);
  const first = Object.values(figures)[0]!;
  return table(
    ['encoder', 'kNN acc', 'kNN F1', 'probe acc@1', 'acc@5', 'acc@10', 'probe F1'],
    [
      [
        'chance',
        percent(meanOf(first, ({ chance }) => chance)),
        '',
        percent(meanOf(first, ({ chance }) => chance)),
        ...[5, 10].map((k) => percent(meanOf(first, ({ labels }) => Math.min(1, k / labels)))),
        '',
      ],
      ...Object.entries(figures).map(([embedder, sets]) => {
        const knn = meanWithInterval(sets, 'knn');
        const probe = withProbe(sets) ? meanWithInterval(sets, 'probe') : undefined;
        return [
          titleOf(embedder),
          percentWith(knn.share, knn.half),
          percent(meanOf(sets, (one) => one.knn.weightedF1)),
          ...(probe
            ? [
                percentWith(probe.share, probe.half),
                ...(['at5', 'at10', 'weightedF1'] as const).map((key) =>
                  percent(meanOf(sets, (one) => one.probe![key])),
                ),
              ]
            : ['-', '-', '-', '-']),
        ];
      }),
    ],
  );
}

function bySet(figures: BySet): string {
  const embedders = Object.keys(figures);
  const of = (title: string, cell: (one: Figures) => string): string =>
    [
      title,
      '',
      table(
        ['set', 'ids', 'voting', 'tested', 'chance', ...embedders.map(titleOf)],
        VALUE_SETS.map((name) => {
          const { labels, voting, tested, chance } = figures[embedders[0]!]![name]!;
          return [
            name,
            String(labels),
            String(voting),
            String(tested),
            percent(chance),
            ...embedders.map((embedder) => cell(figures[embedder]![name]!)),
          ];
        }),
      ),
    ].join('\n');
  return [
    of('kNN accuracy in %, with half the 95 % interval:', ({ knn }) =>
      percentWith(knn.accuracy, halfWidth([knn.interval], 'sum')),
    ),
    `kNN, balanced accuracy in %:\n\n${balanced(figures)}`,
    of('kNN, weighted F1 in %:', ({ knn }) => percent(knn.weightedF1)),
    of('Linear probe, accuracy at 1 / 5 / 10 in %:', ({ probe }) =>
      probe ? [probe.at1, probe.at5, probe.at10].map(percent).join(' / ') : '-',
    ),
  ].join('\n');
}

/** Tabulates figures by set, and their means over all sets and over the widely used ones. */
function balanced(figures: BySet): string {
  const share = (embedder: string, names: readonly string[]): string =>
    percent(mean(names.map((name) => figures[embedder]![name]!.knn.balancedAccuracy)));
  const row = (title: string, names: readonly string[]): string[] => [
    title,
    ...Object.keys(figures).map((embedder) => share(embedder, names)),
  ];
  return table(
    ['set', ...Object.keys(figures).map(titleOf)],
    [
      ...VALUE_SETS.map((name) => row(name, [name])),
      row('mean of all', VALUE_SETS),
      row(`mean of ${WIDELY_KNOWN.join(', ')}`, WIDELY_KNOWN),
    ],
  );
}

/** Returns the mean balanced accuracy by k, for every k that all sets have. */
function sweepOf(figures: Record<string, Figures>): [k: number, share: number][] {
  const all = Object.values(figures);
  const ks = all[0]!.sweep
    .map(({ k }) => k)
    .filter((k) => all.every(({ sweep }) => sweep.some((point) => point.k === k)));
  return ks.map((k) => [k, mean(all.map(({ sweep }) => sweep.find((point) => point.k === k)!.balancedAccuracy))]);
}

function neighbours(figures: BySet): string {
  const ks = sweepOf(Object.values(figures)[0]!).map(([k]) => k);
  return table(
    ['encoder', ...ks.map((k) => `k ${k}`)],
    Object.entries(figures).map(([embedder, sets]) => [
      titleOf(embedder),
      ...sweepOf(sets).map(([, share]) => percent(share)),
    ]),
  );
}
