import { expectObject, expectString } from './validate.js';

/** A question and an answer to it, embedded together as one text. */
export interface QuestionAnswer {
  question: string;
  answer: string;
}

/** What can be embedded: a text as it is, or a question and its answer in the form of {@link formatQa}. */
export type EmbeddableText = string | QuestionAnswer;

/**
 * The text that is embedded for a question and its answer: `Q: <question> A: <answer>`, both sides trimmed.
 *
 * @throws EngineError `ERR_ARG_TYPE`
 */
export function formatQa(record: QuestionAnswer): string {
  return joinQa(expectQa(record, 'record'));
}

/** @throws EngineError `ERR_ARG_TYPE` */
export function expectQa(value: unknown, name: string): QuestionAnswer {
  const { question, answer } = expectObject(value, name);
  expectString(question, `${name}.question`);
  expectString(answer, `${name}.answer`);
  return value as QuestionAnswer;
}

function joinQa(record: QuestionAnswer): string {
  return `${questionPart(record)} A: ${record.answer.trim()}`;
}

/**
 * What of that text belongs to the question. White space follows it, so no tokenizer of words joins it to the answer.
 */
export function questionPart({ question }: QuestionAnswer): string {
  return `Q: ${question.trim()}`;
}

/** The whole text, as it is embedded and shown. */
export function wholeText(text: EmbeddableText): string {
  return typeof text === 'string' ? text : joinQa(text);
}
