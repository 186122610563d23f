/** Reads the answers of the value sets and of the general sets, split by question. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { SeededRandom } from '../../src/core/random.js';
import { labelRows } from '../../src/core/row-labels.js';
import { type Split, splitByQuestion } from '../../src/evaluation/splits.js';
import { readRecords } from '../../src/records/read-records.js';
import { type QaRecord, valueId } from '../../src/records/record.js';

const QA = fileURLToPath(new URL('../../../shared/data/qa/', import.meta.url));

/** Sets used for training, and for tests on other questions. */
export const VALUE_SETS = [
  'government_criticism',
  'political_compass_open',
  'political_compass_en_fr',
  'do_not_answer_multi',
  'hate_speech_response_4lang',
  'redteam_safety',
  'xstest_safety',
  'human_rights_scenarios',
  'political_prompts_eng_rus',
] as const;
/** Answers of the models of redteam_safety to questions without values. */
export const CONTROL_SET = 'lima_control';
/** Answers to questions of every kind, never used for training. */
export const GENERAL_SETS = [CONTROL_SET, 'alpaca_eval'] as const;
/** The answers to Russian prompts are English translations, so both languages are English text. */
const TRANSLATED = 'political_prompts_eng_rus';

export const TEST_SHARE = 0.25;
export const SEED = 1;

export interface ValueSet {
  name: string;
  records: QaRecord[];
  /** Value id of every record. */
  labels: string[];
  /** Theme of the question of every record. */
  groups: string[];
  /** Answers to training questions vote, the others are tested. */
  split: Split;
}

/** `'english'`: English text only. `'parallel'`: all languages, and only questions asked in several of them. */
export type Languages = 'english' | 'parallel';

/** @param folder folder of the sets, with one file per set */
export async function readValueSet(name: string, languages: Languages = 'english', folder = QA): Promise<ValueSet> {
  const all: QaRecord[] = [];
  for await (const batch of readRecords([join(folder, `${name}.jsonl.gz`)])) {
    for (const record of batch.records) all.push({ ...record, group: themeOf(record.qid) });
  }
  const records =
    languages === 'parallel'
      ? askedInSeveralLanguages(all)
      : all.filter(({ lang }) => lang === 'eng' || name === TRANSLATED);
  return describe(name, records, (labels, groups) =>
    splitByQuestion(labelRows(labels).labels, groups, TEST_SHARE, SEED),
  );
}

/**
 * Samples at most `train` and `test` rows of the two sides by complete questions, so that all models answer the same
 * questions.
 */
export function sampleValueSet({ name, records, split }: ValueSet, train: number, test: number): ValueSet {
  const voting = someQuestions(
    Array.from(split.train, (row) => records[row]!),
    train,
  );
  const tested = someQuestions(
    Array.from(split.test, (row) => records[row]!),
    test,
  );
  const rows = Int32Array.from({ length: voting.length + tested.length }, (_, row) => row);
  return describe(name, [...voting, ...tested], () => ({
    train: rows.slice(0, voting.length),
    test: rows.slice(voting.length),
  }));
}

function describe(name: string, records: QaRecord[], split: (labels: string[], groups: string[]) => Split): ValueSet {
  const labels = records.map(valueId);
  const groups = records.map(({ group }) => group!);
  return { name, records, labels, groups, split: split(labels, groups) };
}

/** Returns the theme of a question: all phrasings of a political-compass proposition are one theme, in both sets. */
export function themeOf(qid: string): string {
  const proposition = /^(?:pct-pc|pcenfr)-0*(\d+)/.exec(qid);
  return proposition ? `proposition-${proposition[1]!}` : qid;
}

function askedInSeveralLanguages(records: readonly QaRecord[]): QaRecord[] {
  const languages = new Map<string, Set<string>>();
  for (const { qid, lang } of records) languages.set(qid, (languages.get(qid) ?? new Set()).add(lang));
  return records.filter(({ qid }) => languages.get(qid)!.size > 1);
}

export function someQuestions(records: readonly QaRecord[], limit: number): QaRecord[] {
  const kept = new Set<string>();
  let rows = 0;
  const sizes = new Map<string, number>();
  for (const { qid } of records) sizes.set(qid, (sizes.get(qid) ?? 0) + 1);
  for (const qid of new SeededRandom(SEED).shuffle([...sizes.keys()].sort())) {
    if (rows + sizes.get(qid)! > limit) continue;
    kept.add(qid);
    rows += sizes.get(qid)!;
  }
  return records.filter(({ qid }) => kept.has(qid));
}

/**
 * Chooses every third model of each set, starting with the third by name. A chosen model is left out of all sets. This
 * leaves at least two value ids in every set.
 */
export function modelsLeftOut(sets: readonly ValueSet[]): string[] {
  const models = sets.flatMap(({ records }) =>
    [...new Set(records.map(({ model }) => model))].sort().filter((_, i) => i % 3 === 2),
  );
  return [...new Set(models)].sort();
}

/** Returns the questions, or their themes, that any set tests. */
export function testedGroups(sets: readonly ValueSet[]): Set<string> {
  return new Set(sets.flatMap(({ groups, split }) => Array.from(split.test, (row) => groups[row]!)));
}

export interface TrainingRowOptions {
  /** Models to leave out. @default none */
  without?: readonly string[];
  /** Maximum number of rows of a set, by complete questions. @default all */
  limit?: number;
}

/**
 * Returns the training rows, by set.
 *
 * @param tested themes to leave out: a proposition that one set tests must not be in the training data of another
 */
export function trainingRows(
  sets: readonly ValueSet[],
  tested: ReadonlySet<string>,
  { without = [], limit = Infinity }: TrainingRowOptions = {},
): Map<string, QaRecord[]> {
  return new Map(
    sets.map(({ name, records, split }) => {
      const rows = Array.from(split.train, (row) => records[row]!).filter(
        ({ group, model }) => !tested.has(group!) && !without.includes(model),
      );
      return [name, someQuestions(rows, limit)];
    }),
  );
}

/** Writes the training rows, one file per set, and returns the folder. */
export function writeTrainingFiles(
  folder: string,
  sets: readonly ValueSet[],
  tested: ReadonlySet<string>,
  options: TrainingRowOptions = {},
): string {
  mkdirSync(folder, { recursive: true });
  for (const [name, records] of trainingRows(sets, tested, options)) {
    writeFileSync(join(folder, `${name}.jsonl`), records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  }
  return folder;
}
