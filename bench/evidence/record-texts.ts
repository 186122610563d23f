/** What encoders are given of a record. The only place that decides it. */
import { formatQa, type QaRecord } from '../../src/index.js';

export type EncoderInput = string;

export function inputOf(record: Pick<QaRecord, 'question' | 'answer'>): EncoderInput {
  return formatQa(record);
}

/** Several answers of one value id in one text, as views are in training. */
export function joinedInput(records: readonly Pick<QaRecord, 'question' | 'answer'>[]): EncoderInput {
  return records.map(formatQa).join('\n');
}

/** The text of an input, for what counts or averages words. */
export function textOf(input: EncoderInput): string {
  return input;
}
