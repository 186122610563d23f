/**
 * How much of each method's accuracy is left if a part of the style, or the content, is removed from answers: from the
 * tested ones only, and from those that it is trained on as well.
 */
import { join } from 'node:path';

import { BASES_KEY } from '../../base/fold-bases.js';
import type { Lab } from '../lab.js';
import { sklearnVersion } from '../linear-svc.js';
import { percent, table } from '../pages.js';
import { type Bar, plotBars } from '../plots.js';
import { readSource, splitSource } from '../sources.js';
import { answerTreatments, UNTREATED } from '../style/answer-treatments.js';
import { type CrossFigures, crossTest, halfOf, METHODS, type MethodName } from '../style/cross-test.js';
import { isLongEnough } from '../style/treatments.js';
import { SEED, type ValueSet } from '../value-sets.js';
import type { Outcome } from './part.js';

/** Two sets of the same 12 models, about values and not, and two more about values. */
const SETS = ['redteam_safety', 'us_hard_speech', 'sycon_values', 'lima_control'] as const;
/** Answers of a set before the short ones are left out. */
const ANSWERS = 4000;
const SHOWN: readonly MethodName[] = ['tfidf', 'svmCharacters', 'base', 'fitted', 'classifier'];

interface SetFigures {
  set: string;
  valueIds: number;
  voting: number;
  tested: number;
  /** Trained on answers as they are. */
  tests: CrossFigures;
  /** Trained on answers with the same treatment. */
  both: CrossFigures;
}

export async function treatments(lab: Lab): Promise<Outcome> {
  const sets: SetFigures[] = [];
  for (const name of SETS) sets.push(await treatSet(lab, name));
  const names = Object.keys(answerTreatments());
  const rows = (side: 'tests' | 'both') =>
    table(
      ['set', 'method', ...names],
      sets.flatMap(({ set, [side]: figures }) =>
        SHOWN.flatMap((method) => {
          const own = figures[method];
          return own
            ? [[set, METHODS[method], ...names.map((treatment) => percent(own[treatment]?.balancedAccuracy))]]
            : [];
        }),
      ),
      2,
    );
  const halves = sets.flatMap(({ tests, both }) =>
    [tests, both].flatMap((figures) => Object.values(figures).flatMap((own) => Object.values(own).map(halfOf))),
  );
  return {
    result: sets,
    sections: [
      {
        page: 'evidence',
        name: 'treatments',
        markdown: [
          'Tested answers treated, trained on answers as they are:',
          '',
          rows('tests'),
          'Both treated:',
          '',
          rows('both'),
          'Both treated, what is left of the accuracy of the classifier above chance:',
          '',
          table(
            ['set', ...names],
            sets.map((own) => [own.set, ...names.map((treatment) => percent(shareLeft(own, treatment)))]),
          ),
          `${sets.map(describeSet).join('; ')}. The 95 % intervals, by bootstrap over questions, are at most ` +
            `± ${percent(Math.max(...halves))} points wide.`,
          '',
          '![Accuracy of the classifier by treatment](evidence/treatments.svg)',
        ].join('\n'),
      },
    ],
    plots: {
      'treatments.svg': plotBars(sets.flatMap(barsOf), {
        title: 'What is left of an answer, and who is recognised by it',
        subtitle: 'Balanced accuracy of the classifier, trained and tested on treated answers, with 95 % interval',
      }),
    },
  };
}

/** Share of the accuracy above chance that a treatment leaves. */
function shareLeft({ valueIds, both: { classifier } }: SetFigures, treatment: string): number {
  const above = (name: string): number => classifier![name]!.balancedAccuracy - 1 / valueIds;
  return above(treatment) / above(UNTREATED);
}

function describeSet({ set, valueIds, voting, tested }: SetFigures): string {
  return `${set}: ${valueIds} ids, chance ${percent(1 / valueIds)} %, ${voting} answers vote, ${tested} are tested`;
}

function barsOf({ set, valueIds, both }: SetFigures): Bar[] {
  return Object.entries(both.classifier!).map(([name, figure]) => ({
    name,
    group: set,
    share: figure.balancedAccuracy,
    half: halfOf(figure),
    chance: 1 / valueIds,
  }));
}

async function treatSet(lab: Lab, name: string): Promise<SetFigures> {
  const { labels, groups, records, split } = await longAnswers(lab, name);
  const answers = records.map(({ answer }) => answer);
  const { train, test } = split;
  const base = await lab.baseWithout(name);
  const key = [BASES_KEY, sklearnVersion(), answers, labels, groups, [...train]];

  const treated: Record<string, readonly string[]> = {};
  for (const [treatment, treat] of Object.entries(answerTreatments())) {
    treated[treatment] = await lab.cache.json(`treatments/${name}-${treatment}`, answers, async () => {
      lab.log(`${name}: ${treatment}`);
      return treat(answers, (done) => done % 1000 === 0 && lab.log(`${name}: ${treatment}, ${done} answers`));
    });
  }
  // All answers as they are, followed by the tested answers with every treatment.
  const copies = Object.entries(treated).map(([treatment, texts], i) => ({
    treatment,
    texts: Array.from(test, (row) => texts[row]!),
    rows: test.map((_, at) => answers.length + i * test.length + at),
  }));
  const repeat = (column: readonly string[]): string[] => [
    ...column,
    ...copies.flatMap(() => Array.from(test, (row) => column[row]!)),
  ];
  const tests = await lab.cache.json(`treatments/${name}-tests`, [key, copies], () =>
    crossTest(
      { texts: [...answers, ...copies.flatMap(({ texts }) => texts)], labels: repeat(labels), groups: repeat(groups) },
      { train, base, tests: Object.fromEntries(copies.map(({ treatment, rows }) => [treatment, rows])) },
    ),
  );
  lab.log(`${name}: tested answers treated, classifier ${summary(tests)}`);
  const both: CrossFigures = {};
  for (const [treatment, texts] of Object.entries(treated)) {
    const figures = await lab.cache.json(`treatments/${name}-both`, [key, texts], () =>
      crossTest({ texts, labels, groups }, { train, base, tests: { [treatment]: test } }),
    );
    for (const [method, own] of Object.entries(figures)) {
      both[method as MethodName] = { ...both[method as MethodName], ...own };
    }
  }
  lab.log(`${name}: all answers treated, classifier ${summary(both)}`);
  return { set: name, valueIds: new Set(labels).size, voting: train.length, tested: test.length, tests, both };
}

function summary({ classifier }: CrossFigures): string {
  return Object.entries(classifier!)
    .map(([treatment, { balancedAccuracy }]) => `${treatment} ${percent(balancedAccuracy)}`)
    .join(', ');
}

/** Returns the answers that are long enough for all treatments. */
async function longAnswers(lab: Lab, name: string): Promise<ValueSet> {
  const { sources } = lab.scale;
  const limits = { ...sources, answers: Math.min(ANSWERS, sources.answers) };
  const { records, labels, groups } = await readSource(name, limits, join(lab.options.data, 'qa'));
  const kept = [...records.keys()].filter((row) => isLongEnough(records[row]!.answer));
  const pick = <T>(column: readonly T[]): T[] => kept.map((row) => column[row]!);
  return splitSource({ name, records: pick(records), labels: pick(labels), groups: pick(groups) }, SEED);
}
