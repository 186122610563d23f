/** The tables of docs/training.md, between its markers. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type { BatchSamplerName } from '../../src/training/batch-samplers.js';
import type { Machine } from '../../src/benchmarking/results-file.js';
import type { Figures, SetDescription } from './figures.js';
import { CONTROL_SET } from './value-sets.js';

export interface TrainingEvidence {
  command: string;
  machine: Machine;
  settings: Record<string, string | number>;
  sets: SetDescription[];
  frozen: Record<string, Figures>;
  runs: {
    sampler: BatchSamplerName;
    steps: number;
    tokens: number;
    seconds: number;
    validation: { step: number; balancedAccuracy: number } | undefined;
    figures: Record<string, Figures>;
  }[];
}

const PAGE = fileURLToPath(new URL('../../docs/training.md', import.meta.url));
const BEGIN = '<!-- evidence: begin -->';
const END = '<!-- evidence: end -->';

/** Replaces what stands between the markers. */
export function writeTrainingTables(evidence: TrainingEvidence): void {
  const page = readFileSync(PAGE, 'utf8');
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`${PAGE} lacks the markers ${BEGIN} and ${END}`);
  writeFileSync(PAGE, `${before}${BEGIN}\n${tables(evidence)}${END}${after}`);
}

function tables({ command, machine, settings, sets, frozen, runs }: TrainingEvidence): string {
  const percent = (share: number | undefined): string => (share === undefined ? '-' : (100 * share).toFixed(1));
  const names = runs.map(({ sampler }) => sampler);
  const table = (heading: string[], rows: string[][]): string =>
    [heading, heading.map((_, i) => (i === 0 ? '---' : '---:')), ...rows].map((row) => `| ${row.join(' | ')} |\n`).join('');
  const valueSets = sets.filter(({ name }) => name !== CONTROL_SET);
  const mean = (value: (set: (typeof sets)[number]) => number): string => percent(valueSets.reduce((sum, set) => sum + value(set), 0) / valueSets.length);
  const figures = (measure: keyof Figures): string =>
    table(['set', 'ids', 'voting', 'tested', 'chance', 'TF-IDF kNN', 'frozen', ...names], [
      ...sets.map(({ name, valueIds, train, test, chance, tfidf }) => [
        name,
        String(valueIds),
        String(train),
        String(test),
        percent(chance),
        percent(tfidf),
        percent(frozen[name]?.[measure]),
        ...runs.map((run) => percent(run.figures[name]?.[measure])),
      ]),
      [
        'mean of the value sets', '', '', '',
        mean(({ chance }) => chance),
        mean(({ tfidf }) => tfidf),
        mean(({ name }) => frozen[name]![measure]),
        ...runs.map((run) => mean(({ name }) => run.figures[name]![measure])),
      ],
    ]);
  return [
    `\`${command}\`, ${machine.cpu}, ${machine.cores} cores, ${machine.variant}; ${Object.entries(settings).map(([key, value]) => `${key} ${value}`).join(', ')}.\n`,
    `kNN, balanced accuracy in %:\n\n${figures('knn')}`,
    `Linear probe, accuracy in %:\n\n${figures('probe')}`,
    `The runs:\n\n${table(
      ['sampler', 'steps', 'tokens', 'seconds', 'tokens/s', 'best validation, %'],
      runs.map(({ sampler, steps, tokens, seconds, validation }) => [
        sampler,
        String(steps),
        String(tokens),
        seconds.toFixed(0),
        (tokens / seconds).toFixed(0),
        validation ? `${percent(validation.balancedAccuracy)} after step ${validation.step}` : '-',
      ]),
    )}`,
  ].join('\n');
}
