/** What encoders are given of a record. The only place that decides it. */
import { type EmbeddableText, formatQa, type QuestionAnswer } from '../../src/core/question-answer.js';

export type EncoderInput = EmbeddableText;

/** The encoder cuts a long question so that the answer keeps its room. */
export function inputOf({ question, answer }: QuestionAnswer): EncoderInput {
  return { question, answer };
}

/** Several answers of one value id in one text, as views are in training. */
export function joinedInput(records: readonly QuestionAnswer[]): EncoderInput {
  return records.map(formatQa).join('\n');
}

/** The text of an input, for what counts or averages words. */
export function textOf(input: EncoderInput): string {
  return typeof input === 'string' ? input : formatQa(input);
}
