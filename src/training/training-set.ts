import { fingerprintOf } from '../encoder/folder/training-answers.js';
import { prepareText, type TextPreparation } from '../text/text-preparation.js';
import { encodeQa } from '../text/tokenizers/encode-qa.js';
import type { Tokenizer } from '../text/tokenizers/tokenizer.js';
import { TokenTable } from './token-table.js';
import { type ReadColumnsOptions, readColumns, type TrainingColumns } from './training-columns.js';

/** All records of a training run in columns, with each text tokenised once. */
export interface TrainingSet extends TrainingColumns {
  tokens: TokenTable;
  /** Fingerprints of the answers in the sample of `TrainingAnswers`, by row. */
  fingerprints: ReadonlyMap<number, number>;
}

export interface ReadTrainingSetOptions extends ReadColumnsOptions {
  /** Token limit of a view, including special tokens. */
  maxTokens: number;
  /** Preparation of each text before tokenising. */
  preparation: TextPreparation;
}

/**
 * Reads files of records into memory and tokenises them.
 *
 * @param tokenizer must {@link Tokenizer.splitsAtNewlines split at newlines}, because views are texts joined by
 *   newlines
 * @throws EngineError like `readColumns`
 */
export async function readTrainingSet(
  paths: readonly string[],
  tokenizer: Tokenizer,
  { maxTokens, preparation, ...reading }: ReadTrainingSetOptions,
): Promise<TrainingSet> {
  const { signal } = reading;
  const tokens = new TokenTable(tokenizer.before, tokenizer.after, maxTokens);
  const sampled = new Map<number, number>();
  const prepare = (text: string): string => prepareText(preparation, text);
  const { columns, kept } = await readColumns(paths, reading, async (records) => {
    for (const [i, { answer }] of records.entries()) {
      const fingerprint = fingerprintOf(answer);
      if (fingerprint !== undefined) sampled.set(tokens.rows + i, fingerprint);
    }
    // Keep only as much of a text as fits into one view; the rest is never used.
    tokens.append(await encodeQa(tokenizer, records, { maxTokens, signal, prepare }));
  });
  const fingerprints = new Map<number, number>();
  for (const [row, record] of kept.entries()) {
    const fingerprint = sampled.get(record);
    if (fingerprint !== undefined) fingerprints.set(row, fingerprint);
  }
  return { ...columns, tokens: tokens.select(kept), fingerprints };
}
