/** The English answers of the value sets and of the control set, split by question. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { readRecords } from '../../src/data/read-records.js';
import { valueId, type QaRecord } from '../../src/data/record.js';
import { splitByQuestion, type Split } from '../../src/evaluation/splits.js';
import { SeededRandom } from '../../src/core/random.js';
import { indexLabels } from '../../src/search/voting.js';

const QA = fileURLToPath(new URL('../../../shared/data/qa/', import.meta.url));

/** Trained on, and tested on other questions. */
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
/** Answers of the models of redteam_safety to questions without values; never trained on. */
export const CONTROL_SET = 'lima_control';
/** Its answers to Russian prompts are English translations, so both languages are English text. */
const TRANSLATED = 'political_prompts_eng_rus';

export const TEST_SHARE = 0.25;
export const SEED = 1;

export interface ValueSet {
  name: string;
  records: QaRecord[];
  labels: string[];
  groups: string[];
  split: Split;
}

export async function readValueSet(name: string): Promise<ValueSet> {
  const records: QaRecord[] = [];
  for await (const batch of readRecords([`${QA}${name}.jsonl.gz`])) {
    for (const record of batch.records) {
      if (record.lang === 'eng' || name === TRANSLATED) records.push({ ...record, group: themeOf(record.qid) });
    }
  }
  return describe(name, records, (labels, groups) => splitByQuestion(indexLabels(labels).indices, groups, TEST_SHARE, SEED));
}

/** At most `train` and `test` rows of the two sides, by whole questions, so that the same ones are asked of all models. */
export function sampleValueSet({ name, records, split }: ValueSet, train: number, test: number): ValueSet {
  const voting = someQuestions(Array.from(split.train, (row) => records[row]!), train);
  const tested = someQuestions(Array.from(split.test, (row) => records[row]!), test);
  const rows = Int32Array.from({ length: voting.length + tested.length }, (_, row) => row);
  return describe(name, [...voting, ...tested], () => ({ train: rows.slice(0, voting.length), test: rows.slice(voting.length) }));
}

function describe(name: string, records: QaRecord[], split: (labels: string[], groups: string[]) => Split): ValueSet {
  const labels = records.map(valueId);
  const groups = records.map(({ group }) => group!);
  return { name, records, labels, groups, split: split(labels, groups) };
}

/** All phrasings of a political-compass proposition are one theme, in both sets that use them. */
export function themeOf(qid: string): string {
  const proposition = /^(?:pct-pc|pcenfr)-0*(\d+)/.exec(qid);
  return proposition ? `proposition-${proposition[1]!}` : qid;
}

function someQuestions(records: readonly QaRecord[], limit: number): QaRecord[] {
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

/** Questions, or their themes, that some set tests. */
export function testedGroups(sets: readonly ValueSet[]): Set<string> {
  return new Set(sets.flatMap(({ groups, split }) => Array.from(split.test, (row) => groups[row]!)));
}

/**
 * Writes the training rows of sets, one file each, and returns the folder.
 *
 * @param tested left out: a proposition that one set tests may not be trained on in another
 */
export function writeTrainingFiles(folder: string, sets: readonly ValueSet[], tested: ReadonlySet<string>): string {
  mkdirSync(folder, { recursive: true });
  for (const { name, records, split } of sets) {
    const rows = Array.from(split.train, (row) => records[row]!).filter(({ group }) => !tested.has(group!));
    writeFileSync(`${folder}/${name}.jsonl`, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  }
  return folder;
}
