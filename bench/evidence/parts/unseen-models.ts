/**
 * Identification of models that were not in the training data. An encoder trained without every third model embeds the
 * answers of all models. Answers of all models to the training questions vote, and answers to held-out questions are
 * tested.
 */
import { splitValueId } from '../../../src/core/value-id.js';
import { WITHOUT_MODELS } from '../configurations.js';
import { type Figures, identifyAnswers, mean, rowsOf } from '../identify-answers.js';
import { FROZEN, type Lab, TFIDF } from '../lab.js';
import { percent, table } from '../pages.js';
import { VALUE_SETS } from '../value-sets.js';
import { type Outcome, titleOf } from './part.js';

/** The run with the same settings that saw all models. */
const WITH_ALL = 'short';

export async function unseenModels(lab: Lab): Promise<Outcome> {
  const leftOut = await lab.modelsLeftOut();
  const figures: Record<string, Record<string, Figures>> = {};
  const embedders = [TFIDF, FROZEN, WITH_ALL, WITHOUT_MODELS.name];
  for (const embedder of embedders) {
    figures[embedder] = {};
    for (const name of VALUE_SETS)
      figures[embedder][name] = await identifyAnswers(
        lab,
        embedder,
        rowsOf(await lab.sample(name, lab.scale.main)),
        name,
      );
  }
  const recall = (embedder: string, name: string, isLeftOut: boolean): number =>
    mean(
      Object.entries(figures[embedder]![name]!.recalls)
        .filter(([id]) => leftOut.includes(splitValueId(id).model) === isLeftOut)
        .map(([, share]) => share),
    );
  const rows = VALUE_SETS.map((name) => ({
    name,
    chance: figures[TFIDF]![name]!.chance,
    leftOut: Object.keys(figures[TFIDF]![name]!.recalls).filter((id) => leftOut.includes(splitValueId(id).model))
      .length,
    shares: embedders.map((embedder) => ({
      leftOut: recall(embedder, name, true),
      others: recall(embedder, name, false),
    })),
  }));
  return {
    result: {
      leftOut,
      rows: rows.map(({ shares, ...row }) => ({
        ...row,
        recalls: Object.fromEntries(embedders.map((embedder, i) => [embedder, shares[i]])),
      })),
    },
    sections: [
      {
        page: 'evidence',
        name: 'unseen models',
        markdown: [
          table(
            [
              'set',
              'ids left out',
              'chance',
              ...embedders.map((embedder) => `${titleOf(embedder)}: left-out ids / others`),
            ],
            [
              ...rows.map(({ name, chance, leftOut: count, shares }) => [
                name,
                String(count),
                percent(chance),
                ...shares.map((share) => `${percent(share.leftOut)} / ${percent(share.others)}`),
              ]),
              [
                'mean',
                '',
                percent(mean(rows.map(({ chance }) => chance))),
                ...embedders.map(
                  (_, i) =>
                    `${percent(mean(rows.map(({ shares }) => shares[i]!.leftOut)))} / ` +
                    percent(mean(rows.map(({ shares }) => shares[i]!.others))),
                ),
              ],
            ],
          ),
          `Left out of the last run: ${leftOut.join(', ')}.`,
        ].join('\n'),
      },
    ],
    plots: {},
  };
}
