/** Reads sources in all their languages, sampled by complete questions, for the comparison of encoders. */
import { join } from 'node:path';

import { SeededRandom } from '../../src/core/random.js';
import { labelRows } from '../../src/core/row-labels.js';
import { splitByQuestion } from '../../src/evaluation/splits.js';
import { readRecords } from '../../src/records/read-records.js';
import { type QaRecord, valueId } from '../../src/records/record.js';
import type { SourceLimits } from './configurations.js';
import { SEED, TEST_SHARE, themeOf, type ValueSet } from './value-sets.js';

/** Sources whose questions are about values. */
export const VALUE_SOURCES = [
  'government_criticism',
  'political_compass_open',
  'do_not_answer_multi',
  'hate_speech_response_4lang',
  'redteam_safety',
  'xstest_safety',
  'controversial_topics_por',
  'everyday_dilemmas_por_spa',
  'us_hard_speech',
  'sycon_values',
  'debate_claims',
  'political_opinions_spa',
] as const;
/** Sources with questions of every kind. */
export const GENERAL_SOURCES = [
  'lima_control',
  'zbench_general_zho',
  'marenahard_multi',
  'koarena_kor',
  'mtbench_more',
  'alpaca_eval',
] as const;
export const SOURCES = [...VALUE_SOURCES, ...GENERAL_SOURCES] as const;

/** Answers that people wrote have this model. */
const HUMAN = 'human';
/** Value ids with fewer answers are left out. */
const MIN_ANSWERS = 16;

/** Beginnings of question ids that have a theme in common: the match is the theme. */
const THEMES = [
  /^dna-\d+/, // one question and its attacks
  /^bb\d-[a-z_0-9]+?(?=-(?:agree|disagree|neutral))/, // the topic, asked from every side
  /^sycon-[a-z]+-\d+/, // the turns of a conversation
  /^debate-prop_\d+/, // the speeches of a debate
  /^ushard-[a-z_]+?(?=\d*$)/, // the variants of a speech
  /^jmtb-\d+/, // the turns of a conversation
];

/** Returns the theme of a question in any source. All answers to a theme are on one side of a split. */
export function themeInSource(qid: string): string {
  for (const theme of THEMES) {
    const match = theme.exec(qid);
    if (match) return match[0];
  }
  return themeOf(qid);
}

/** A source that is sampled but not yet split. */
export type SourceRows = Omit<ValueSet, 'split'>;

/**
 * Reads the answers of models, and samples value ids and complete themes.
 *
 * @param folder folder of the sources, with one file per source
 */
export async function readSource(name: string, limits: SourceLimits, folder: string): Promise<SourceRows> {
  const records: QaRecord[] = [];
  for await (const batch of readRecords([join(folder, `${name}.jsonl.gz`)])) {
    for (const record of batch.records) {
      if (record.model !== HUMAN) records.push({ ...record, group: themeInSource(record.qid) });
    }
  }
  const sampled = sampleThemes(sampleValueIds(records, limits.valueIds), limits.answers);
  const kept = sampleValueIds(sampled, Infinity);
  return { name, records: kept, labels: kept.map(valueId), groups: kept.map(({ group }) => group!) };
}

/** Splits a source by theme. Every seed gives another split. */
export function splitSource(rows: SourceRows, seed: number): ValueSet {
  return { ...rows, split: splitByQuestion(labelRows(rows.labels).labels, rows.groups, TEST_SHARE, seed) };
}

/** Keeps a random choice of the value ids that have enough answers. */
export function sampleValueIds(records: readonly QaRecord[], limit: number): QaRecord[] {
  const counts = countBy(records.map(valueId));
  const ids = [...counts.keys()].filter((id) => counts.get(id)! >= MIN_ANSWERS).sort();
  const kept = new Set(ids.length > limit ? new SeededRandom(SEED).shuffle(ids).slice(0, limit) : ids);
  return records.filter((record) => kept.has(valueId(record)));
}

/** Keeps a random choice of complete themes with at most `limit` answers in total. */
export function sampleThemes(records: readonly QaRecord[], limit: number): QaRecord[] {
  const sizes = countBy(records.map(({ group }) => group!));
  const kept = new Set<string>();
  let rows = 0;
  for (const group of new SeededRandom(SEED).shuffle([...sizes.keys()].sort())) {
    if (rows + sizes.get(group)! > limit) continue;
    kept.add(group);
    rows += sizes.get(group)!;
  }
  return records.filter(({ group }) => kept.has(group!));
}

function countBy(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
