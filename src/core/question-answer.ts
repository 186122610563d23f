import { expectObject, expectString } from './validate.js';

/** A question and its answer, embedded together as one text. */
export interface QuestionAnswer {
  question: string;
  answer: string;
}

/** A text to embed unchanged, or a question and its answer to embed in the form of {@link formatQa}. */
export type EmbeddableText = string | QuestionAnswer;

/**
 * Returns the text to embed for a question and its answer: `Q: <question> A: <answer>`, both trimmed; only the
 * answer if the question is blank.
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

/** Returns the answer of a text: the text itself if it has no question. */
export function answerPart(text: EmbeddableText): string {
  return typeof text === 'string' ? text : text.answer;
}

function joinQa(record: QuestionAnswer): string {
  const question = questionPart(record);
  const answer = record.answer.trim();
  return question === '' ? answer : `${question} A: ${answer}`;
}

/**
 * Returns the part of that text that belongs to the question. White space follows it, so no word tokenizer joins it to
 * the answer.
 */
export function questionPart({ question }: QuestionAnswer): string {
  const trimmed = question.trim();
  return trimmed === '' ? '' : `Q: ${trimmed}`;
}

/** Returns the full text, as it is embedded and shown. */
export function wholeText(text: EmbeddableText): string {
  return typeof text === 'string' ? text : joinQa(text);
}
