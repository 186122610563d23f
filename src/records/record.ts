import type { QuestionAnswer } from '../core/question-answer.js';
import { expectObject, expectString } from '../core/validate.js';

/**
 * One answer of one model to one value-eliciting question: a row of a dataset.
 */
export interface QaRecord extends QuestionAnswer {
  /** Question id. Equal ids mean the same question, also across models and languages. */
  qid: string;
  model: string;
  /**
   * Language in which the model was asked: an ISO 639-3 code such as `eng`. Files and requests may have `en`,
   * `en-US` or `English` instead; datasets of older versions may have any code or name.
   */
  lang: string;
  /**
   * Group of questions that a question-disjoint split keeps together, for example all phrasings of one proposition.
   * @default the question id
   */
  group?: string;
}

/** Returns the value id of a record, `model$lang`: whose values the answer expresses (UniVaR, section 3). */
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
