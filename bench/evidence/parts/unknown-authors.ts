/**
 * How well the classifier recognises answers of models that it does not know: a quarter of the value ids of a source is
 * left out in turn. The largest decision value alone is the usual measure.
 */
import { join } from 'node:path';
import { guess } from '../../../src/evaluation/classifier/scored-rows.js';
import { leaveOutTurns, unknownAreas } from '../../../src/evaluation/classifier/unknown-authors.js';
import { meanScores } from '../../../src/identification/classifier/scores.js';
import { BASES_KEY } from '../../base/fold-bases.js';
import { mean } from '../identify-answers.js';
import type { Lab } from '../lab.js';
import { percent, table } from '../pages.js';
import { readSource, splitSource, VALUE_SOURCES } from '../sources.js';
import type { Outcome } from './part.js';

/** A selection, because every source takes twenty fits. */
const SOURCES = [
  'redteam_safety',
  'political_compass_open',
  'hate_speech_response_4lang',
  'controversial_topics_por',
  'everyday_dilemmas_por_spa',
  'us_hard_speech',
  'political_opinions_spa',
  'debate_claims',
  'lima_control',
  'zbench_general_zho',
] as const;
const ANSWERS = 4000;

interface Areas {
  one: number | null;
  ten: number | null;
}

interface SourceAreas {
  unknown: Areas;
  decision: Areas;
}

export async function unknownAuthors(lab: Lab): Promise<Outcome> {
  const sources: Record<string, SourceAreas> = {};
  for (const name of SOURCES) {
    const areas = await areasOf(lab, name);
    if (areas) sources[name] = areas;
  }
  const columns = (['decision', 'unknown'] as const).flatMap((score) =>
    (['one', 'ten'] as const).map((size) => (name: string) => sources[name]![score][size]),
  );
  const names = Object.keys(sources);
  const meanOf = (title: string, own: readonly string[]): string[] => [
    title,
    ...columns.map((column) => percent(mean(own.map(column).filter((value) => value !== null)))),
  ];
  const aboutValues = names.filter((name) => (VALUE_SOURCES as readonly string[]).includes(name));
  return {
    result: sources,
    sections: [
      {
        page: 'evidence',
        name: 'unknown authors',
        markdown: table(
          [
            'source',
            'largest decision value, one answer',
            'ten answers',
            'probability of none, one answer',
            'ten answers',
          ],
          [
            ...names.map((name) => [name, ...columns.map((column) => percent(column(name)))]),
            meanOf(`mean of the ${aboutValues.length} value sources`, aboutValues),
            meanOf('mean of all', names),
          ],
        ),
      },
    ],
    plots: {},
  };
}

/** Returns null for a source with too few value ids. */
async function areasOf(lab: Lab, name: string): Promise<SourceAreas | null> {
  const seed = lab.scale.sources.seeds[0]!;
  const limits = { ...lab.scale.sources, answers: Math.min(ANSWERS, lab.scale.sources.answers) };
  const rows = await readSource(name, limits, join(lab.options.data, 'qa'));
  const { records, labels, groups, split } = splitSource(rows, seed);
  const answers = { texts: records.map(({ answer }) => answer), valueIds: labels, groups };
  const settings = [BASES_KEY, answers, [...split.train]];
  return lab.cache.json(`unknown-authors/${name}`, settings, async () => {
    const fit = { seed, base: await lab.baseWithout(name) };
    const tested = Array.from(split.test, (row) => labels[row]!);
    const turns: SourceAreas[] = [];
    const task = { answers, ...split, fit, seed, signal: undefined, onProgress: () => undefined };
    for await (const turn of leaveOutTurns(task)) {
      const { scored } = turn;
      const largest = (own: readonly number[]): number =>
        -Math.max(...meanScores(own.map((row) => scored.scores[row]!)).decisions);
      turns.push({
        unknown: unknownAreas(turn, tested, seed, (own) => guess(scored, own).unknown),
        decision: unknownAreas(turn, tested, seed, largest),
      });
    }
    if (turns.every(({ unknown }) => unknown.one === null)) return null;
    const average = (score: keyof SourceAreas, size: keyof Areas): number | null => {
      const values = turns.map((turn) => turn[score][size]).filter((value) => value !== null);
      return values.length > 0 ? mean(values) : null;
    };
    const areas = (score: keyof SourceAreas): Areas => ({ one: average(score, 'one'), ten: average(score, 'ten') });
    lab.log(`${name}: ${JSON.stringify(areas('decision'))} ${JSON.stringify(areas('unknown'))}`);
    return { unknown: areas('unknown'), decision: areas('decision') };
  });
}
