/** Builds the input of encoders from a record. This is the only place that decides it. */
import { type EmbeddableText, formatQa, type QuestionAnswer } from '../../src/core/question-answer.js';

export type EncoderInput = EmbeddableText;

/** Question and answer are separate, so that the encoder cuts a long question and leaves room for the answer. */
export function inputOf({ question, answer }: QuestionAnswer): EncoderInput {
  return { question, answer };
}

/** Joins several answers of one value id into one text, like the views in training. */
export function joinedInput(records: readonly QuestionAnswer[]): EncoderInput {
  return records.map(formatQa).join('\n');
}

/** Returns the text of an input, for methods that count or average words. */
export function textOf(input: EncoderInput): string {
  return typeof input === 'string' ? input : formatQa(input);
}
