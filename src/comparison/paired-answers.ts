/** Pairs the answers of two sides by question: the first step of every comparison. */
import { EngineError } from '../core/errors.js';
import { expectArray, expectFiniteVectors, expectInteger, expectObject, expectString, fail } from '../core/validate.js';
import { expectRecord, type QaRecord } from '../records/record.js';

/** Answers of one side of a comparison, with their embeddings. */
export interface AnswerSide {
  /** Name of the side in results and messages. */
  name: string;
  records: readonly QaRecord[];
  /** [records, dim], row-major. Row i belongs to record i. */
  embeddings: Float32Array;
}

/**
 * Answers that form a pair have the same question id. With `'lang'` they also have the same language, and with
 * `'model'` the same model, so that sides with several languages or models are compared like with like.
 */
export type PairWithin = 'lang' | 'model';

/** One question that both sides answered. */
export interface PairedQuestion {
  /** Number of the group of questions that are resampled together, from 0. */
  group: number;
  /** Rows of both sides, equally many. */
  rows: readonly [readonly number[], readonly number[]];
}

export interface PairedAnswers {
  sides: readonly [AnswerSide, AnswerSide];
  dim: number;
  /** Sorted by question id. */
  questions: PairedQuestion[];
  /** Names of the groups, sorted: see `QaRecord.group`. A question without a group is a group of its own. */
  groups: string[];
  /** Number of paired answers of each side. */
  answers: number;
  /** Number of answers of each side that have no partner. */
  leftOut: readonly [number, number];
}

/** Sides that a message names. */
const MAX_NAMED = 5;
/** Separates the question id from the language or model. */
const SEPARATOR = '\u0000';

/**
 * Pairs answers by question. If one side has more answers to a question than the other, only as many as the other has
 * count, the first ones. Otherwise the sides could not be swapped, because a mean of more answers varies less.
 *
 * @param sides must have been checked with {@link expectSide}
 */
export function pairAnswers(
  sides: readonly [AnswerSide, AnswerSide],
  { dim, within }: { dim: number; within: PairWithin | undefined },
): PairedAnswers {
  const rowsOf = sides.map((side) => rowsByKey(side.records, within)) as [Rows, Rows];
  const keys = [...rowsOf[0].keys()].filter((key) => rowsOf[1].has(key)).sort();
  const groupOf = (key: string): string => {
    const { group, qid } = sides[0].records[rowsOf[0].get(key)![0]!]!;
    return group ?? qid;
  };
  const groups = [...new Set(keys.map(groupOf))].sort();
  const numbers = new Map(groups.map((name, number) => [name, number]));
  const questions = keys.map((key): PairedQuestion => {
    const [a, b] = [rowsOf[0].get(key)!, rowsOf[1].get(key)!];
    const count = Math.min(a.length, b.length);
    return { group: numbers.get(groupOf(key))!, rows: [a.slice(0, count), b.slice(0, count)] };
  });
  const answers = questions.reduce((sum, { rows }) => sum + rows[0].length, 0);
  const leftOut = [sides[0].records.length - answers, sides[1].records.length - answers] as const;
  return { sides, dim, questions, groups, answers, leftOut };
}

type Rows = Map<string, number[]>;

function rowsByKey(records: readonly QaRecord[], within: PairWithin | undefined): Rows {
  const rows: Rows = new Map();
  records.forEach((record, row) => {
    const key = within === undefined ? record.qid : record.qid + SEPARATOR + record[within];
    const list = rows.get(key);
    if (list) list.push(row);
    else rows.set(key, [row]);
  });
  return rows;
}

/** Number of answers and questions of a side, for messages. */
export interface SideCounts {
  name: string;
  answers: number;
  questions: number;
}

/** Creates the error of sides that have nothing to compare. */
export function noCommonQuestion(
  sides: readonly SideCounts[],
  found = 'no question was answered by two sides',
): EngineError {
  const shown = sides
    .slice(0, MAX_NAMED)
    .map(({ name, answers, questions }) => `${name} has ${answers} answers to ${questions} questions`);
  if (sides.length > MAX_NAMED) shown.push(`and ${sides.length - MAX_NAMED} more`);
  return new EngineError(
    'ERR_DATA',
    `A comparison needs at least two common questions, but ${found}: ${shown.join(', ')}`,
  );
}

/** Creates the error of two sides whose common questions are not two groups. */
export function tooFewQuestions({ sides, questions }: PairedAnswers, within: PairWithin | undefined): EngineError {
  const same = within === undefined ? '' : ` in the same ${within === 'lang' ? 'language' : 'model'}`;
  const count = questions.length;
  const found =
    count === 0
      ? `no question was answered by both${same}`
      : count === 1
        ? `only one question was answered by both${same}`
        : `the ${count} questions that both answered${same} are one group`;
  return noCommonQuestion(sides.map(countsOf), found);
}

export function countsOf({ name, records }: AnswerSide): SideCounts {
  return { name, answers: records.length, questions: new Set(records.map(({ qid }) => qid)).size };
}

/** @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`, `ERR_NON_FINITE` */
export function expectSide(value: unknown, name: string, dim: number): AnswerSide {
  const side = expectObject(value, name);
  expectString(side['name'], `${name}.name`);
  const records = expectArray(side['records'], `${name}.records`, expectRecord);
  expectInteger(dim, 'dim', 1);
  const rows = expectFiniteVectors(side['embeddings'], `${name}.embeddings`, dim);
  if (rows !== records.length)
    fail('ERR_SHAPE_MISMATCH', `${rows} records, one per row,`, `${name}.records`, side['records']);
  return value as AnswerSide;
}
