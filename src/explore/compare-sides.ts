/** Compares two categories of a column, such as models or versions, by the statistics of `univar compare`. */
import { markingPhrases } from '../comparison/marking-phrases.js';
import {
  type AnswerSide,
  noCommonQuestion,
  type PairWithin,
  pairAnswers,
  tooFewQuestions,
} from '../comparison/paired-answers.js';
import { questionDifferences } from '../comparison/question-differences.js';
import { allocateFloat32 } from '../core/allocate.js';
import { EngineError } from '../core/errors.js';
import { SeededRandom } from '../core/random.js';
import type { Dataset } from '../datasets/dataset.js';
import { type MapColumn, VALUE_ID_COLUMN } from '../maps/value-map.js';
import type { CompareAnswer } from './api-types.js';
import type { Exploration } from './exploration.js';

/** Answers of both sides together that are compared. With more, questions are drawn. */
const MOST_ANSWERS = 8000;
/** Random deals of the answers to a question, which its p value comes from. */
const DRAWS = 200;
const SEED = 1;
const PHRASES = 20;
const QUESTIONS = 50;

/** Answers to a question are paired with those of the same language, or of the same model, if that is not compared. */
const WITHIN: Readonly<Record<string, PairWithin | undefined>> = { [VALUE_ID_COLUMN]: undefined, lang: 'model' };

export interface CompareSidesOptions {
  /** Name of a column: `value-id`, `model`, `lang`, or a property of models. */
  by: string;
  names: readonly [string, string];
  signal: AbortSignal;
}

/**
 * Compares the answers of two sides to the questions that both answered. Vectors are those of the encoder that embedded
 * the dataset, never those of its fit.
 *
 * @throws EngineError `ERR_ARG_RANGE` for an unknown column or name; `ERR_DATA` without two common questions;
 *   `ERR_ABORTED`, `ERR_IO`
 */
export async function compareSides(
  exploration: Exploration,
  { by, names, signal }: CompareSidesOptions,
): Promise<CompareAnswer> {
  const column = columnNamed(exploration.columns, by);
  const codes = names.map((name) => codeOf(column, name)) as [number, number];
  if (codes[0] === codes[1])
    throw new EngineError('ERR_ARG_RANGE', `Expected two different sides, got "${names[0]}" twice`);
  const { rows, isSample } = rowsOfSides(exploration, column, codes);
  const { dataset } = exploration;
  const sides = [await readSide(dataset, names[0], rows[0]), await readSide(dataset, names[1], rows[1])] as const;
  const within = by in WITHIN ? WITHIN[by] : 'lang';
  const paired = pairAnswers(sides, { dim: dataset.dim, within });
  if (paired.groups.length < 2) throw tooFewQuestions(paired, within);
  const { differences, hasSamples } = await questionDifferences(paired, { draws: DRAWS, seed: SEED, signal });
  const phrases = await markingPhrases(paired, { phrases: PHRASES, signal });
  const rowOf = new Map(sides[0].records.map(({ qid }, i) => [qid, rows[0][i]!]));
  return {
    sides: [names[0], names[1]],
    questions: paired.questions.length,
    answers: paired.answers,
    isSample,
    hasSamples,
    differences: differences.slice(0, QUESTIONS).map(({ qid, question, apart, excess, adjustedP, answers }) => ({
      qid,
      question,
      apart,
      excess,
      adjustedP,
      answers,
      row: rowOf.get(qid)!,
    })),
    phrases: [phrases[0].map(shownPhrase), phrases[1].map(shownPhrase)],
  };
}

function shownPhrase({ phrase, z, answers }: { phrase: string; z: number; answers: readonly [number, number] }) {
  return { phrase, z, answers };
}

function columnNamed(columns: readonly MapColumn[], name: string): MapColumn {
  const column = columns.find((candidate) => candidate.name === name);
  if (column) return column;
  const names = columns.map((one) => one.name).join(', ');
  throw new EngineError('ERR_ARG_RANGE', `Expected one of ${names} for "by", got ${JSON.stringify(name)}`);
}

function codeOf({ name, values }: MapColumn, value: string): number {
  const code = values.indexOf(value);
  if (code < 0) throw new EngineError('ERR_ARG_RANGE', `No answer has the ${name} ${JSON.stringify(value)}`);
  return code;
}

/** Returns the rows of each side whose questions both answered, and draws questions if they are too many. */
function rowsOfSides(
  { valueIds: { labels }, rowColumns: { questions, firstRows } }: Exploration,
  { codes, values }: MapColumn,
  wanted: readonly [number, number],
): { rows: readonly [number[], number[]]; isSample: boolean } {
  const sideOf = codes.map((code) => wanted.indexOf(code));
  const counts = [new Uint32Array(firstRows.length), new Uint32Array(firstRows.length)] as const;
  labels.forEach((id, row) => {
    const side = sideOf[id] as 0 | 1 | -1;
    if (side >= 0) counts[side as 0 | 1][questions[row]!]! += 1;
  });
  const common = [...firstRows.keys()].filter((question) => counts[0][question]! > 0 && counts[1][question]! > 0);
  if (common.length === 0)
    throw noCommonQuestion(
      wanted.map((code, side) => ({
        name: values[code]!,
        answers: counts[side as 0 | 1].reduce((sum, count) => sum + count, 0),
        questions: counts[side as 0 | 1].reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0),
      })),
    );
  const isUsed = new Uint8Array(firstRows.length);
  let answers = 0;
  let used = 0;
  for (const question of new SeededRandom(SEED).shuffle(common)) {
    if (answers >= MOST_ANSWERS && used > 1) break;
    isUsed[question] = 1;
    used++;
    answers += counts[0][question]! + counts[1][question]!;
  }
  const rows: [number[], number[]] = [[], []];
  labels.forEach((id, row) => {
    const side = sideOf[id]!;
    if (side >= 0 && isUsed[questions[row]!]) rows[side]!.push(row);
  });
  return { rows, isSample: used < common.length };
}

async function readSide(dataset: Dataset, name: string, rows: readonly number[]): Promise<AnswerSide> {
  const { dim } = dataset;
  const records = await dataset.readRecordsAt(rows);
  const embeddings = allocateFloat32(rows.length * dim, 'the embeddings of a side');
  const reader = dataset.openEmbeddings();
  try {
    for (let begin = 0, end = 0; begin < rows.length; begin = end) {
      // Reads consecutive rows at once.
      for (end = begin + 1; end < rows.length && rows[end] === rows[end - 1]! + 1; ) end++;
      await reader.read(rows[begin]!, embeddings.subarray(begin * dim, end * dim));
    }
  } finally {
    await reader.close();
  }
  return { name, records, embeddings };
}
