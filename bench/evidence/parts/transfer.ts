/**
 * The same models on two sets: what is trained on one is tested on the other. What transfers from questions without
 * values to questions about values is style. Pairs of two sets about values show how much transfers at best.
 */
import { join } from 'node:path';

import { loadEncoder } from '../../../src/encoder/load-encoder.js';
import { type ControlSide, joinSides, splitSide } from '../../../src/evaluation/control/control-rows.js';
import { difference, type Figure, figureOf } from '../../../src/evaluation/control/figure.js';
import { type ErasureFigures, measureErasure } from '../../../src/evaluation/control/measure-erasure.js';
import { evaluateKnn } from '../../../src/evaluation/knn.js';
import { valueId } from '../../../src/records/record.js';
import { BASES_KEY, foldOf } from '../../base/fold-bases.js';
import { mean } from '../identify-answers.js';
import type { Lab } from '../lab.js';
import { sklearnVersion } from '../linear-svc.js';
import { percent, percentWith, table } from '../pages.js';
import { plotBars } from '../plots.js';
import { readSource, sampleThemes } from '../sources.js';
import { type CrossFigures, crossTest, halfOf, METHODS, type MethodName } from '../style/cross-test.js';
import { SEED } from '../value-sets.js';
import type { Outcome } from './part.js';

interface Pair {
  values: string;
  other: string;
  /** Whether the questions of the second set are not about values. */
  isControl: boolean;
}

const PAIRS: readonly Pair[] = [
  { values: 'redteam_safety', other: 'lima_control', isControl: true },
  { values: 'sycon_values', other: 'marenahard_multi', isControl: true },
  { values: 'political_compass_open', other: 'alpaca_eval', isControl: true },
  { values: 'us_hard_speech', other: 'government_criticism', isControl: false },
  { values: 'debate_claims', other: 'independence_identity', isControl: false },
];
/** Value ids need so many answers in each of the two sets. */
const MIN_ANSWERS = 40;
/** A set has so many times the answers of the comparison of encoders at most. */
const SAMPLES = 5;
const K = 10;

interface PairFigures extends Pair {
  labels: string[];
  chance: number;
  /** Trained on the first set and tested on both, and the other way round. */
  fromValues: CrossFigures;
  fromOther: CrossFigures;
  /** The directions of the second set, erased from the vectors of the first. */
  erasure: ErasureFigures;
}

export async function transfer(lab: Lab): Promise<Outcome> {
  const pairs: PairFigures[] = [];
  for (const pair of PAIRS) pairs.push(await comparePair(lab, pair));
  return {
    result: pairs,
    sections: [
      { page: 'evidence', name: 'transfer', markdown: describeTransfer(pairs) },
      { page: 'evidence', name: 'erasure', markdown: describeErasure(pairs) },
    ],
    plots: { 'transfer.svg': plotTransfer(pairs) },
  };
}

async function comparePair(lab: Lab, pair: Pair): Promise<PairFigures> {
  const base = await lab.baseWithout(trainedSet(pair));
  const [values, other] = [await readSide(lab, pair.values, base), await readSide(lab, pair.other, base)];
  const rows = joinSides(values, other, Math.min(MIN_ANSWERS, lab.scale.sources.answers / 100));
  const splits = {
    values: splitSide(rows, 'values', { seed: SEED }),
    other: splitSide(rows, 'control', { seed: SEED }),
  };
  const tests = { values: splits.values.test, other: splits.other.test };
  const { texts, labels, groups } = rows;
  const key = [BASES_KEY, sklearnVersion(), texts, labels, groups];
  return lab.cache.json(`transfer/${pair.values}-${pair.other}`, key, async () => {
    const names = [...new Set(labels)].sort();
    lab.log(`${pair.values} and ${pair.other}: ${labels.length} answers of ${names.length} ids`);
    const fromValues = await crossTest(rows, { train: splits.values.train, tests, base });
    const fromOther = await crossTest(rows, { train: splits.other.train, tests, base });
    const erasure = await measureErasure(rows, names, splits.other.train, async (embeddings) =>
      figureOf(await evaluateKnn({ ...rows, embeddings }, { split: splits.values, k: K, sweep: [], seed: SEED })),
    );
    const before = fromValues.base!['values']!;
    return { ...pair, labels: names, chance: 1 / names.length, fromValues, fromOther, erasure: { before, ...erasure } };
  });
}

/**
 * Returns the set of a pair that decides the base.
 *
 * @throws Error if every base was trained on one of them
 */
function trainedSet({ values, other }: Pair): string {
  const [own, others] = [foldOf(values), foldOf(other)];
  if (own !== undefined && others !== undefined && own !== others)
    throw new Error(`Every base was trained on ${values} or on ${other}`);
  return own === undefined ? other : values;
}

/** Reads a set with the vectors of a base. Answers by people or not in English are left out. */
async function readSide(lab: Lab, name: string, base: string): Promise<ControlSide> {
  const limits = { ...lab.scale.sources, valueIds: Infinity, answers: Infinity };
  const { records: all } = await readSource(name, limits, join(lab.options.data, 'qa'));
  const english = all.filter(({ lang }) => lang === 'eng');
  const records = sampleThemes(english, SAMPLES * lab.scale.sources.answers);
  const texts = records.map(({ answer }) => answer);
  const encoder = await loadEncoder(base);
  try {
    const { embeddings, dim } = await encoder.encode(texts);
    return {
      texts,
      labels: records.map(valueId),
      groups: records.map(({ group }) => group!),
      embeddings,
      dim,
    };
  } finally {
    await encoder.dispose();
  }
}

/** The figures of a method, by trained and tested set. */
function cells({ fromValues, fromOther }: PairFigures, method: MethodName) {
  return {
    values: fromValues[method]!['values']!,
    other: fromOther[method]!['other']!,
    toValues: fromOther[method]!['values']!,
    toOther: fromValues[method]!['other']!,
  };
}

/** Share of the accuracy above chance on the first set that what was trained on the second reaches. */
function transferred(pair: PairFigures, method: MethodName): number {
  const { values, toValues } = cells(pair, method);
  return (toValues.balancedAccuracy - pair.chance) / (values.balancedAccuracy - pair.chance);
}

function methodsOf({ fromValues }: PairFigures): MethodName[] {
  return Object.keys(fromValues) as MethodName[];
}

const figure = (one: Figure): string => percentWith(one.balancedAccuracy, halfOf(one));

function describeTransfer(pairs: readonly PairFigures[]): string {
  const heading = ['method', 'within first', 'within second', 'drop', 'second to first', 'first to second'];
  return [
    ...pairs.flatMap((pair) => [
      `\`${pair.values}\` and \`${pair.other}\`, ${pair.labels.length} ids, chance ${percent(pair.chance)} ` +
        `(${pair.isControl ? 'the second has no questions about values' : 'both are about values'}):`,
      '',
      table(
        [...heading, 'second to first, share above chance'],
        methodsOf(pair).map((method) => {
          const { values, other, toValues, toOther } = cells(pair, method);
          return [
            METHODS[method],
            ...[values, other, difference(values, other), toValues, toOther].map(figure),
            percent(transferred(pair, method)),
          ];
        }),
      ),
    ]),
    '![Accuracy within a set and from another set](evidence/transfer.svg)',
  ].join('\n');
}

function describeErasure(pairs: readonly PairFigures[]): string {
  const meanOf = (read: (erasure: ErasureFigures) => number): string =>
    percent(mean(pairs.map(({ erasure }) => read(erasure))));
  return table(
    ['vectors of', 'directions of', 'erased', 'chance', 'before', 'after', 'as many random directions'],
    [
      ...pairs.map(({ values, other, chance, erasure }) => [
        values,
        other,
        String(erasure.rank),
        percent(chance),
        figure(erasure.before),
        figure(erasure.after),
        percent(erasure.random),
      ]),
      [
        'mean',
        '',
        '',
        '',
        meanOf(({ before }) => before.balancedAccuracy),
        meanOf(({ after }) => after.balancedAccuracy),
        meanOf(({ random }) => random),
      ],
    ],
    2,
  );
}

function plotTransfer(pairs: readonly PairFigures[]): string {
  const bars = pairs.flatMap((pair) => {
    const { values, toValues } = cells(pair, 'classifier');
    const group = pair.values;
    const bar = (name: string, one: Figure) => ({
      name,
      group,
      share: one.balancedAccuracy,
      half: halfOf(one),
      chance: pair.chance,
    });
    return [
      bar('trained on other questions of the set', values),
      bar(pair.isControl ? 'trained on a set without values' : 'trained on another set about values', toValues),
    ];
  });
  return plotBars(bars, {
    title: 'The same models, recognised by what was learned elsewhere',
    subtitle: 'Balanced accuracy of the classifier on questions about values, with 95 % interval',
  });
}
