/**
 * Measures how much of the identification is due to style: the same encoders on answers without formatting, cut to the
 * same length, or reduced to one sentence.
 */
import { type Figures, halfWidth, identifyAnswers } from '../identify-answers.js';
import { BASE, FITTED, FROZEN, type Lab, TFIDF } from '../lab.js';
import { percent, percentWith, table } from '../pages.js';
import { inputOf } from '../record-texts.js';
import { isLongEnough, TREATMENTS } from '../style/treatments.js';
import { GENERAL_SETS, sampleValueSet, type ValueSet } from '../value-sets.js';
import { MAIN, type Outcome, titleOf } from './part.js';

/** The general sets, and two value sets for comparison. */
const SETS = [...GENERAL_SETS, 'redteam_safety', 'political_compass_open'] as const;
const EMBEDDERS = [TFIDF, FROZEN, MAIN, BASE, FITTED] as const;

export async function style(lab: Lab): Promise<Outcome> {
  const sets = await Promise.all(SETS.map((name) => longAnswers(lab, name)));
  const rows: { set: string; embedder: string; treatment: string; figures: Figures }[] = [];
  for (const embedder of EMBEDDERS) {
    for (const { name, records, labels, groups, split } of sets) {
      for (const [treatment, treat] of Object.entries(TREATMENTS)) {
        const treated = records.map((record) => ({ ...record, answer: treat(record.answer) }));
        const texts = treated.map(({ answer }) => answer);
        const figures = await identifyAnswers(
          lab,
          embedder,
          { set: name, inputs: treated.map(inputOf), texts, labels, groups, split },
          `${name}, ${treatment}`,
        );
        rows.push({ set: name, embedder, treatment, figures });
      }
    }
  }
  const treatments = Object.keys(TREATMENTS);
  return {
    result: rows,
    sections: [
      {
        page: 'evidence',
        name: 'style',
        markdown: table(
          ['set', 'encoder', 'voting', 'tested', 'chance', ...treatments],
          SETS.flatMap((set) =>
            EMBEDDERS.map((embedder) => {
              const own = rows.filter((row) => row.set === set && row.embedder === embedder);
              const { voting, tested, chance } = own[0]!.figures;
              return [
                set,
                titleOf(embedder),
                String(voting),
                String(tested),
                percent(chance),
                ...own.map(({ figures: { knn } }) =>
                  percentWith(knn.balancedAccuracy, halfWidth([knn.balancedInterval], 'sum')),
                ),
              ];
            }),
          ),
          2,
        ),
      },
    ],
    plots: {},
  };
}

/** Returns the rows whose answers are long enough for all treatments. */
async function longAnswers(lab: Lab, set: string): Promise<ValueSet> {
  const { records, split, ...rest } = await lab.set(set);
  const keep = (rows: Int32Array): Int32Array => rows.filter((row) => isLongEnough(records[row]!.answer));
  return sampleValueSet(
    { ...rest, records, split: { train: keep(split.train), test: keep(split.test) } },
    lab.scale.short.voting,
    lab.scale.short.tested,
  );
}
