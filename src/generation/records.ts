/** Records between the stages. Each stage adds fields to the records of the stage before it. */
import { createHash } from 'node:crypto';

import { EngineError } from '../core/errors.js';
import type { QaRecord } from '../records/record.js';

/** A value, and its id in the records of a project. */
export interface ValueRecord {
  id: string;
  value: string;
}

export interface ScenarioRecord {
  id: string;
  valueId: string;
  value: string;
  scenario: string;
}

export interface QuestionRecord extends ScenarioRecord {
  question: string;
}

/** One wording of a question: variant 0 is the question itself. */
export interface PhrasingRecord {
  id: string;
  /** Id of the question. */
  group: string;
  valueId: string;
  value: string;
  variant: number;
  /** In English. */
  question: string;
}

export interface TranslationRecord extends PhrasingRecord {
  lang: string;
  /** The question in `lang`. */
  text: string;
}

/** Fault of an answer. */
export type AnswerFault = 'empty' | 'wrong-language' | 'truncated' | 'repetitive' | 'refusal';

export interface AnswerRecord extends TranslationRecord {
  model: string;
  /** In `lang`. */
  answer: string;
  faults: AnswerFault[];
}

/** A record for `univar embed` and `univar train`, with the original texts. */
export interface GeneratedRecord extends QaRecord {
  group: string;
  value: string;
  variant: number;
  /** The English question that was translated. */
  source: string;
  /** Question and answer in the original language; absent for English. */
  questionOriginal?: string;
  answerOriginal?: string;
  faults: AnswerFault[];
}

/** Record that a stage left out. */
export interface Reject {
  id: string;
  reason: string;
  text: string;
}

/** Output of a stage for one record. */
export interface StageOutput<T> {
  records: T[];
  rejects: Reject[];
}

/** Returns a short id that depends only on the parts, so that adding a record changes no other id. */
export function contentId(prefix: string, ...parts: readonly string[]): string {
  return `${prefix}-${createHash('sha256').update(parts.join('\u0000')).digest('hex').slice(0, 12)}`;
}

/**
 * Reads values from a list, or from the lines of a JSONL file with `value` and optionally `id`.
 *
 * @throws EngineError `ERR_DATA` naming the line, or a value that is listed twice
 */
export function parseValues(source: string | readonly string[], path = 'values'): ValueRecord[] {
  const values =
    typeof source === 'string'
      ? source.split('\n').flatMap((line, i) => (line.trim() === '' ? [] : [parseValue(line, `${path}:${i + 1}`)]))
      : source.map((value) => ({ id: contentId('v', value), value }));
  if (values.length === 0) throw new EngineError('ERR_DATA', `${path} has no values`);
  const ids = new Set<string>();
  for (const { id, value } of values) {
    if (ids.has(id))
      throw new EngineError('ERR_DATA', `${path}: the value ${JSON.stringify(value)} (id ${id}) is listed twice`);
    ids.add(id);
  }
  return values;
}

function parseValue(line: string, at: string): ValueRecord {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch (cause) {
    throw new EngineError('ERR_DATA', `${at} is not JSON`, { cause });
  }
  const { id, value, text } = (typeof parsed === 'object' && parsed !== null ? parsed : {}) as Record<string, unknown>;
  const name = value ?? text;
  if (typeof name !== 'string' || name.trim() === '')
    throw new EngineError('ERR_DATA', `${at}: "value" is missing or blank`);
  return { id: typeof id === 'string' && id !== '' ? id : contentId('v', name), value: name.trim() };
}
