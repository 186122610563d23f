/**
 * Does the encoder detect the source language of a translation? The data are English sentences of the European
 * Parliament, labelled by the language of the speech and split by speech. Sentences are embedded without the form of
 * question and answer (the paper's text-only format). Its other two formats need machine translations of the originals,
 * which do not exist.
 */
import { join } from 'node:path';
import { labelRows } from '../../../src/core/row-labels.js';
import { splitByQuestion } from '../../../src/evaluation/splits.js';
import { readRecords } from '../../../src/records/read-records.js';
import { type EvaluatedRows, type Figures, halfWidth, identifyAnswers } from '../identify-answers.js';
import type { Lab } from '../lab.js';
import { percent, percentWith, table } from '../pages.js';
import { SEED, someQuestions, TEST_SHARE } from '../value-sets.js';
import { type Outcome, tableEmbedders, titleOf } from './part.js';

const SET = 'europarl_source_language';

export async function translationese(lab: Lab): Promise<Outcome> {
  const rows = await readSentences(lab);
  const figures: Record<string, Figures> = {};
  for (const embedder of tableEmbedders(lab)) figures[embedder] = await identifyAnswers(lab, embedder, rows, SET);
  const { labels, chance, voting, tested } = Object.values(figures)[0]!;
  return {
    result: figures,
    sections: [
      {
        page: 'evidence',
        name: 'translationese',
        markdown: [
          table(
            ['encoder', 'kNN acc', 'kNN balanced', 'probe acc@1', 'acc@5'],
            [
              ['chance', percent(chance), percent(chance), percent(chance), percent(Math.min(1, 5 / labels))],
              ...Object.entries(figures).map(([embedder, { knn, probe }]) => [
                titleOf(embedder),
                percentWith(knn.accuracy, halfWidth([knn.interval], 'sum')),
                percentWith(knn.balancedAccuracy, halfWidth([knn.balancedInterval], 'sum')),
                probe ? percentWith(probe.at1, halfWidth([probe.interval], 'sum')) : '-',
                percent(probe?.at5),
              ]),
            ],
          ),
          `${labels} languages. ${voting} sentences vote, and ${tested} sentences of other speeches are tested.`,
        ].join('\n'),
      },
    ],
    plots: {},
  };
}

/** Reads sentences as records, with the spoken language as the model and the speech as the question. */
async function readSentences(lab: Lab): Promise<EvaluatedRows> {
  const file = join(lab.options.data, 'translationese', `${SET}.jsonl.gz`);
  const all = [];
  const read = {
    columns: { qid: 'speech', question: 'speech', answer: 'text', model: 'source_lang' },
    defaults: { lang: 'eng' },
  };
  for await (const { records } of readRecords([file], read)) all.push(...records);
  const records = someQuestions(all, lab.scale.main.voting + lab.scale.main.tested);
  const texts = records.map(({ answer }) => answer);
  const labels = records.map(({ model }) => model);
  const groups = records.map(({ qid }) => qid);
  return {
    set: SET,
    inputs: texts,
    texts,
    labels,
    groups,
    split: splitByQuestion(labelRows(labels).labels, groups, TEST_SHARE, SEED),
  };
}
