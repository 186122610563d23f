import type { QuestionAnswer } from '../core/question-answer.js';
import { expectObject, expectString } from '../core/validate.js';

/**
 * One answer of one model to one value-eliciting question: the unit of every dataset here.
 */
export interface QaRecord extends QuestionAnswer {
  /** Question id: equal ids mean the same question, also across models and languages. */
  qid: string;
  model: string;
  /** Language the model was asked in, ISO 639-3, for example `eng`. */
  lang: string;
  /**
   * What a question-disjoint split keeps together where several questions vary one theme, for example all phrasings of
   * one proposition. Default: the question id.
   */
  group?: string;
}

/** The value id of a record, `model$lang`: whose values the answer expresses (UniVaR, section 3). */
export function valueId(record: Pick<QaRecord, 'model' | 'lang'>): string {
  const { model, lang } = expectObject(record, 'record');
  return `${expectString(model, 'record.model')}$${expectString(lang, 'record.lang')}`;
}

const TEXTS = ['qid', 'question', 'answer', 'model', 'lang'] as const;

/** @throws EngineError `ERR_ARG_TYPE` naming the field */
export function expectRecord(value: unknown, name: string): QaRecord {
  const record = expectObject(value, name);
  for (const field of TEXTS) if (typeof record[field] !== 'string') expectString(record[field], `${name}.${field}`);
  if (record['group'] !== undefined) expectString(record['group'], `${name}.group`);
  return value as QaRecord;
}
