/**
 * Effect of each training setting: short runs that differ from the first in one setting, compared with the longer runs.
 */
import { ABLATION_CONFIGURATIONS, MAIN_CONFIGURATIONS, settingsAt } from '../configurations.js';
import { type Figures, halfWidth, identifyAnswers, mean, rowsOf } from '../identify-answers.js';
import { FROZEN, type Lab, TFIDF } from '../lab.js';
import { percent, percentWith, table } from '../pages.js';
import { CONTROL_SET, VALUE_SETS } from '../value-sets.js';
import { type Outcome, titleOf } from './part.js';

interface Row {
  embedder: string;
  figures: Record<string, Figures>;
  run?: {
    settings: ReturnType<typeof settingsAt>;
    steps: number;
    tokens: number;
    seconds: number;
    validation: { step: number; balancedAccuracy: number } | undefined;
  };
}

const RUNS = [...ABLATION_CONFIGURATIONS, ...MAIN_CONFIGURATIONS];

/** Runs of docs/training.md by their sampler. */
const SAMPLERS: Readonly<Record<string, string>> = {
  'sampler-mixed': 'mixed',
  short: 'one-source',
  'sampler-same-questions': 'same-questions',
};

export async function ablation(lab: Lab): Promise<Outcome> {
  const rows: Row[] = [];
  for (const embedder of [TFIDF, FROZEN, ...RUNS.map(({ name }) => name)]) {
    const configuration = RUNS.find(({ name }) => name === embedder);
    const row: Row = { embedder, figures: {} };
    if (configuration) {
      const { steps, tokens, seconds, best } = await lab.trained(embedder);
      row.run = { settings: settingsAt(configuration, lab.scale), steps, tokens, seconds, validation: best };
    }
    for (const name of [...VALUE_SETS, CONTROL_SET]) {
      row.figures[name] = await identifyAnswers(lab, embedder, rowsOf(await lab.sample(name, lab.scale.short)), name);
    }
    rows.push(row);
  }
  return {
    result: rows,
    sections: [
      { page: 'evidence', name: 'ablation', markdown: settingsTable(rows) },
      { page: 'training', name: 'evidence', markdown: samplerTables(lab, rows) },
    ],
    plots: {},
  };
}

const onValues = ({ figures }: Row): Figures[] => VALUE_SETS.map((name) => figures[name]!);

function settingsTable(rows: readonly Row[]): string {
  return table(
    [
      'run',
      'steps',
      'pairs',
      'tokens of a view',
      'tokens, millions',
      'kNN balanced, value sets',
      'probe acc@1, value sets',
      `kNN balanced, ${CONTROL_SET}`,
    ],
    rows.map((row) => [
      titleOf(row.embedder),
      ...(row.run
        ? [
            String(row.run.steps),
            String(row.run.settings.batchSize),
            String(row.run.settings.maxTokens),
            (row.run.tokens / 1e6).toFixed(2),
          ]
        : ['-', '-', '-', '-']),
      percentWith(
        mean(onValues(row).map(({ knn }) => knn.balancedAccuracy)),
        halfWidth(
          onValues(row).map(({ knn }) => knn.balancedInterval),
          'mean',
        ),
      ),
      onValues(row).every(({ probe }) => probe) ? percent(mean(onValues(row).map(({ probe }) => probe!.at1))) : '-',
      percent(row.figures[CONTROL_SET]!.knn.balancedAccuracy),
    ]),
  );
}

function samplerTables(lab: Lab, rows: readonly Row[]): string {
  const word = rows.find(({ embedder }) => embedder === TFIDF)!;
  const shown = rows.filter(({ embedder }) => embedder in SAMPLERS);
  const columns = [word, rows.find(({ embedder }) => embedder === FROZEN)!, ...shown];
  const names = ['TF-IDF kNN', 'frozen', ...shown.map(({ embedder }) => SAMPLERS[embedder]!)];
  const measures = {
    knn: ({ knn }: Figures): number => knn.balancedAccuracy,
    probe: ({ probe, knn }: Figures): number => probe?.at1 ?? knn.balancedAccuracy,
  };
  const figures = (measure: keyof typeof measures): string =>
    table(
      ['set', 'ids', 'voting', 'tested', 'chance', ...names],
      [
        ...Object.entries(word.figures).map(([name, { labels, voting, tested, chance }]) => [
          name,
          String(labels),
          String(voting),
          String(tested),
          percent(chance),
          ...columns.map((column) => percent(measures[measure](column.figures[name]!))),
        ]),
        [
          'mean of the value sets',
          '',
          '',
          '',
          percent(mean(onValues(word).map(({ chance }) => chance))),
          ...columns.map((column) => percent(mean(onValues(column).map(measures[measure])))),
        ],
      ],
    );
  const settings = Object.entries(shown[0]!.run!.settings).filter(([key]) => key !== 'sampler');
  return [
    `\`npm run evidence -- ablation\`, ${lab.precision}; ` +
      `${settings.map(([key, value]) => `${key} ${value}`).join(', ')}.\n`,
    `kNN, balanced accuracy in %:\n\n${figures('knn')}`,
    `Linear probe, accuracy in %:\n\n${figures('probe')}`,
    `The runs:\n\n${table(
      ['sampler', 'steps', 'tokens', 'seconds', 'tokens/s', 'best validation, %'],
      shown.map(({ embedder, run }) => {
        const { steps, tokens, seconds, validation } = run!;
        return [
          SAMPLERS[embedder]!,
          String(steps),
          String(tokens),
          seconds.toFixed(0),
          (tokens / seconds).toFixed(0),
          validation ? `${percent(validation.balancedAccuracy)} after step ${validation.step}` : '-',
        ];
      }),
    )}`,
  ].join('\n');
}
