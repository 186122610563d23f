/**
 * Figure 4: a value encoder should identify models by answers to questions about values, and less well by other
 * answers. The same 12 models answered redteam_safety and lima_control, so the difference between the sets is due to
 * the encoder.
 */

import { BASES_KEY } from '../../base/fold-bases.js';
import { fitOn } from '../fitted.js';
import { evaluateEmbeddings, type Figures, halfWidth, identifyAnswers, rowsOf } from '../identify-answers.js';
import { BASE, FITTED, type Lab, MINI } from '../lab.js';
import { percent, percentWith, table } from '../pages.js';
import { plotBars } from '../plots.js';
import { CONTROL_SET, GENERAL_SETS, SEED } from '../value-sets.js';
import { FITTED_ON_VALUES, type Outcome, tableEmbedders, titleOf } from './part.js';

const VALUE_SET = 'redteam_safety';
const SETS = [VALUE_SET, ...GENERAL_SETS] as const;

export async function control(lab: Lab): Promise<Outcome> {
  const figures: Record<string, Record<string, Figures>> = {};
  for (const embedder of [...tableEmbedders(lab), MINI, BASE, FITTED]) {
    figures[embedder] = {};
    for (const name of SETS) {
      figures[embedder][name] = await identifyAnswers(
        lab,
        embedder,
        rowsOf(await lab.sample(name, lab.scale.main)),
        name,
      );
    }
  }
  figures[FITTED_ON_VALUES] = await fittedOnValues(lab);
  const rows = Object.entries(figures).map(([embedder, sets]) => ({
    embedder,
    value: sets[VALUE_SET]!,
    control: sets[CONTROL_SET]!,
    general: sets['alpaca_eval']!,
  }));
  const knn = ({ knn: { accuracy, interval } }: Figures): string => percentWith(accuracy, halfWidth([interval], 'sum'));
  const dropOf = ({ value, control: other }: (typeof rows)[number]): { share: number; half: number } => ({
    share: value.knn.accuracy - other.knn.accuracy,
    half: halfWidth([value.knn.interval, other.knn.interval], 'sum'),
  });
  /** Share of the accuracy above chance that is left without questions about values. */
  const leftOf = ({ value, control: other }: (typeof rows)[number]): number =>
    (other.knn.accuracy - other.chance) / (value.knn.accuracy - value.chance);
  const { value, control: other, general } = rows[0]!;
  return {
    result: figures,
    sections: [
      {
        page: 'evidence',
        name: 'control',
        markdown: [
          table(
            [
              'encoder',
              `${VALUE_SET}, kNN`,
              `${CONTROL_SET}, kNN`,
              'drop',
              'left above chance',
              'drop, probe',
              'alpaca_eval, kNN',
              'alpaca_eval, probe',
            ],
            [
              [
                'chance',
                percent(value.chance),
                percent(other.chance),
                '',
                '',
                '',
                percent(general.chance),
                percent(general.chance),
              ],
              ...rows.map((row) => [
                titleOf(row.embedder),
                knn(row.value),
                knn(row.control),
                percentWith(dropOf(row).share, dropOf(row).half),
                percent(leftOf(row)),
                row.value.probe ? percent(row.value.probe.at1 - row.control.probe!.at1) : '-',
                knn(row.general),
                percent(row.general.probe?.at1),
              ]),
            ],
          ),
          `Voting answers: ${value.voting}, ${other.voting} and ${general.voting}. ` +
            `Tested answers: ${value.tested}, ${other.tested} and ${general.tested}.`,
          '',
          '![kNN accuracy on value questions and on others](evidence/control.svg)',
        ].join('\n'),
      },
    ],
    plots: {
      'control.svg': plotBars(
        rows.flatMap((row) =>
          (
            [
              [VALUE_SET, row.value],
              [CONTROL_SET, row.control],
              ['alpaca_eval', row.general],
            ] as const
          ).map(
            ([
              group,
              {
                knn: { accuracy, interval },
                chance,
              },
            ]) => ({
              name: titleOf(row.embedder),
              group,
              share: accuracy,
              half: halfWidth([interval], 'sum'),
              chance,
            }),
          ),
        ),
        {
          title: 'Value questions and other questions',
          subtitle: 'kNN accuracy with 95 % interval; the first two sets have the same 12 models',
        },
      ),
    },
  };
}

/**
 * Fits encoders on the voting answers of the value set, and evaluates their vectors of the answers of all sets. For
 * every set, the fit starts from a base that has not seen the set.
 */
async function fittedOnValues(lab: Lab): Promise<Record<string, Figures>> {
  const sets = await Promise.all(SETS.map(async (name) => rowsOf(await lab.sample(name, lab.scale.main))));
  const settings = [
    BASES_KEY,
    ...sets.map(({ texts, labels, groups, split }) => [texts, labels, groups, [...split.train]]),
  ];
  return lab.cache.json(`figures/${FITTED_ON_VALUES}`, settings, async () => {
    const { texts, labels, split } = sets[0]!;
    const voting = (column: readonly string[]): string[] => Array.from(split.train, (row) => column[row]!);
    const figures: Record<string, Figures> = {};
    for (const rows of sets) {
      const fit = { seed: SEED, base: await lab.baseWithout(rows.set) };
      const encoder = await fitOn(voting(texts), voting(labels), fit);
      try {
        figures[rows.set] = await evaluateEmbeddings(await encoder.encode(rows.texts), rows);
      } finally {
        await encoder.dispose();
      }
    }
    return figures;
  });
}
