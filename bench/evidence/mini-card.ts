/**
 * Writes the pages of `npm run train:mini`: packages/univar-mini/README.md.
 */
import { writeFileSync } from 'node:fs';
import type { Figures } from './figures.js';
import type { MiniRecipe } from './mini-recipe.js';
import type { MiniTraining } from './mini-training.js';
import { CONTROL_SET, SEED, TEST_SHARE } from './value-sets.js';

export function writeMiniCard(folder: string, recipe: MiniRecipe, training: MiniTraining): void {
  writeFileSync(`${folder}README.md`, modelCard(recipe, training));
}

function modelCard(recipe: MiniRecipe, training: MiniTraining): string {
  const { encoder, data, training: options } = recipe;
  const { machine, rounding, training: run } = training;
  const trained = new Set(data.map(({ set }) => set));
  const settings = Object.entries(options)
    .map(([key, value]) => `${key} ${JSON.stringify(value).replaceAll('"', '')}`)
    .join(', ');
  const best = run.best
    ? `with the best validation (${percent(run.best.balancedAccuracy)} %, after step ${run.best.step})`
    : 'of the last step';
  const cosines = rounding
    .map(
      ({ products, mean, least }) => `mean ${mean.toFixed(4)}, smallest ${least.toFixed(4)} with ${products} products`,
    )
    .join('; ');
  return `# univar-mini

A transformer for univar: [${encoder.name}](https://huggingface.co/${encoder.name})
trained with InfoNCE, so that answers of the same model and language are close together and other answers are further
apart. It is for English, has vectors of width 384, and truncates texts to ${recipe.maxTokens} tokens.
\`${training.command}\` wrote this folder and can recreate it from \`recipe.json\`; figures and machine are in
\`training.json\`.

Licence: Apache-2.0, like ${encoder.name}, from whose weights it was trained.

## Use

It embeds English answers of language models, written as \`Q: <question> A: <answer>\`, to compare them and to
identify by nearest neighbours which model gave an answer. Vectors have unit length.

Do not use it to judge people or single texts. Vectors contain the style and wording of a model as well as the
values that it expresses, and training does not separate the two. Its vocabulary covers only English. Models
that are not in the data below are placed by their similarity to those that are. The training data contain
hateful and harmful requests and answers.

The matrices are int8 with a float32 scale per row (\`NAME_scale\`), which univar reads. For other libraries,
write float32 with \`univar export\` (docs/encoders.md).

It is not part of the npm package \`univar\`, because of its size. Copy this folder, and give its path to \`--encoder\`
or \`loadEncoder\`.

\`model.safetensors\` has 23 MB, which is large for a repository. It is committed because nothing is downloaded
at install or run time. Datasets that this encoder embedded and the published figures need exactly these
weights: training on another machine gives different ones.

## Training

Recipe: ${settings}; the other settings are those of the preset (docs/training.md).
${count(run.rows)} answers of ${run.valueIds} value ids, ${count(run.validationRows)} answers held out for validation.
${run.steps} steps, ${count(run.tokens)} tokens, ${Math.round(run.seconds)} s. This is the encoder ${best}.
Commit ${machine.commit}, ${machine.cpu}, ${machine.cores} threads, ${machine.variant}.

The data are English answers of these sets, without the questions that are tested below or held out by the quickstart:

| set | source | snapshot | licence |
| --- | --- | --- | --- |
${data.map(({ set, source, snapshot, licence }) => `| ${set} | ${source} | ${snapshot} | ${licence} |\n`).join('')}
Answers also fall under the terms of use of the models that wrote them. The set under CC BY 4.0 is by P.
Röttger, V. Hofmann, V. Pyatkin, M. Hinck, H. R. Kirk, H. Schütze and D. Hovy. It was converted to one format
and reduced to the questions for training. Its authors do not endorse this model.

With weights rounded to int8, vectors have these cosines to those of float32 weights, over ${rounding[0]?.texts ?? 0}
held-out answers: ${cosines}.

## Held-out questions

A share of ${TEST_SHARE} of the questions of each set (seed ${SEED}) is tested and is in no training data.
Answers to the other questions vote. kNN: k = 50, balanced accuracy in %; probe: accuracy in %.
Sets marked * were not trained on at all. The questions of ${CONTROL_SET} are not about values.

${figureTable(training, trained)}
`;
}

function figureTable({ sets, base, figures }: MiniTraining, trained: ReadonlySet<string>): string {
  const heading = [
    'set',
    'ids',
    'voting',
    'tested',
    'chance',
    'TF-IDF kNN',
    'MiniLM kNN',
    'univar-mini kNN',
    'MiniLM probe',
    'univar-mini probe',
  ];
  const values = (by: Record<string, Figures>, name: string, measure: keyof Figures): number => by[name]![measure];
  const columns = (name: string): number[] => [
    values(base, name, 'knn'),
    values(figures, name, 'knn'),
    values(base, name, 'probe'),
    values(figures, name, 'probe'),
  ];
  const rows = sets.map(({ name, valueIds, train, test, chance, tfidf }) => [
    trained.has(name) ? name : `${name} *`,
    String(valueIds),
    String(train),
    String(test),
    ...[chance, tfidf, ...columns(name)].map(percent),
  ]);
  const mean = (label: string, of: typeof sets): string[] => {
    const shares = of.map(({ name, chance, tfidf }) => [chance, tfidf, ...columns(name)]);
    return [
      label,
      '',
      '',
      '',
      ...(shares[0] ?? []).map((_, i) => percent(shares.reduce((sum, row) => sum + row[i]!, 0) / shares.length)),
    ];
  };
  const means = [
    mean(
      'mean of the sets trained on',
      sets.filter(({ name }) => trained.has(name)),
    ),
    mean(
      'mean of the other value sets',
      sets.filter(({ name }) => !trained.has(name) && name !== CONTROL_SET),
    ),
  ];
  return [heading, heading.map((_, i) => (i === 0 ? '---' : '---:')), ...rows, ...means]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}

function count(n: number): string {
  return n.toLocaleString('en-US');
}
