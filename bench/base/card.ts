/** The model card of univar-base. */
import type { Machine } from '../../packages/bench-gate/src/report/results-file.js';
import type { BaseTraining } from '../../src/training/ngrams/train-base.js';
import type { BaseSet } from './base-sets.js';

/** Content of models/univar-base/training.json. */
export interface BaseTrainingRecord {
  command: string;
  machine: Machine;
  settings: Pick<BaseTraining, 'dim' | 'steps' | 'pairs' | 'maxNgrams' | 'seed'>;
  answers: number;
  valueIds: number;
  seconds: number;
  /** SHA-256 of model.safetensors. */
  sha256: string;
}

/** The part of bench/results/evidence.json that the card shows. */
export interface Evidence {
  encoders?: {
    result: {
      sources: { name: string; valueIds: number; balancedAccuracy: Record<string, number[] | undefined> }[];
    };
  };
}

const COLUMNS = { tfidf10: 'TF-IDF', base10: 'univar-base', fitted10: 'fitted' } as const;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

export function baseCard(training: BaseTrainingRecord, sets: readonly BaseSet[], evidence: Evidence): string {
  const { settings, answers, valueIds, seconds, machine } = training;
  const count = (value: number): string => value.toLocaleString('en');
  return `# univar-base

The default encoder of univar: an n-gram encoder, trained with InfoNCE so that answers of the same model and
language are close together and other answers are further apart. It reads all languages, has vectors of width
${settings.dim}, and encodes thousands of answers per second. \`npm run train:default\` wrote this folder and
can recreate it; settings and machine are in \`training.json\`.

Licence: Apache-2.0. It contains no answers, only weights for hashed n-grams of words and punctuation.

## Use

It embeds answers, without their questions, to compare them, to draw maps, and as the start of fits: \`univar
fit\` trains it on a dataset in seconds, and identifies the authors of new answers far better
([docs/fits.md](../../docs/fits.md)).

It works by wording, punctuation and layout. Texts of the same meaning in other words are not close together. Do
not use it to judge people or single texts. Models that are not in the data below are placed by their similarity
to those that are. The training data contain hateful and harmful requests and answers.

\`model.safetensors\` has 24 MB, which is large for a repository. It is committed because nothing is downloaded
at install or run time, and the quickstart and the tests need an encoder.

## Training

${count(settings.maxNgrams)} n-grams of 1 to 3 tokens, those that occur in most answers, with int8 embeddings
([docs/ngram-features.md](../../docs/ngram-features.md)). ${count(settings.steps)} steps of ${settings.pairs}
pairs, each step from one set; sets are drawn by size to the power of 0.7, value ids uniformly. Seed
${settings.seed}. ${count(answers)} answers of ${count(valueIds)} value ids, ${count(seconds)} s in all on
${machine.cpu}, ${machine.cores} threads, ${machine.variant}.
[docs/evidence.md](../../docs/evidence.md#variants-of-univar-base) compares other sizes, features and data.

| set | source | licence |
| --- | --- | --- |
${sets.map(({ set, source, licence }) => `| ${set} | ${source} | ${licence} |`).join('\n')}

\`../shared/data/README.md\` lists the snapshots. Answers also fall under the terms of use of the models that
wrote them. Answers of people are left out. \`political_compass_open\` is left out because the quickstart tests
with it.

## Unseen sources

Balanced accuracy of kNN (k = 10) on held-out questions, in %, mean of three splits. For every source, the
encoder was trained without the source and its relatives, and so was the start of the fit.
[docs/evidence.md](../../docs/evidence.md) has the other methods and the details.

${figures(evidence)}
`;
}

function figures({ encoders }: Evidence): string {
  const sources = encoders?.result.sources ?? [];
  const names = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[];
  const valueOf = (source: (typeof sources)[number], name: string): number => mean(source.balancedAccuracy[name] ?? []);
  const percent = (value: number): string => (Number.isNaN(value) ? '-' : (100 * value).toFixed(1));
  const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return [
    row(['source', 'ids', ...names.map((name) => COLUMNS[name])]),
    row(['---', '---:', ...names.map(() => '---:')]),
    ...sources.map((source) =>
      row([source.name, source.valueIds, ...names.map((name) => percent(valueOf(source, name)))]),
    ),
    row(['mean', '', ...names.map((name) => percent(mean(sources.map((source) => valueOf(source, name)))))]),
  ].join('\n');
}
