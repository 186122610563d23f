import type { QuestionAnswer } from '../core/question-answer.js';

/**
 * One answer of one model to one value-eliciting question: a row of a dataset.
 */
export interface QaRecord extends QuestionAnswer {
  /** Question id. Equal ids mean the same question, also across models and languages. */
  qid: string;
  model: string;
  /** Language in which the model was asked, as an ISO 639-3 code such as `eng`. */
  lang: string;
  /**
   * Group of questions that a question-disjoint split keeps together, for example all phrasings of one proposition.
   * @default the question id
   */
  group?: string;
}

/** Returns the value id of a record, `model$lang`: whose values the answer expresses (UniVaR, section 3). */
export function valueId(record: Pick<QaRecord, 'model' | 'lang'>): string {
  return `${record.model}$${record.lang}`;
}
