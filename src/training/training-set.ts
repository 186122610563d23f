import { prepareText, type TextPreparation } from '../text/text-preparation.js';
import { encodeQa } from '../text/tokenizers/encode-qa.js';
import type { Tokenizer } from '../text/tokenizers/tokenizer.js';
import { TokenTable } from './token-table.js';
import { type ReadColumnsOptions, readColumns, type TrainingColumns } from './training-columns.js';

/** All records of a training run in columns, with each text tokenised once. */
export interface TrainingSet extends TrainingColumns {
  tokens: TokenTable;
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
  const prepare = (text: string): string => prepareText(preparation, text);
  const { columns, kept } = await readColumns(paths, reading, async (records) => {
    // Keep only as much of a text as fits into one view; the rest is never used.
    tokens.append(await encodeQa(tokenizer, records, { maxTokens, signal, prepare }));
  });
  return { ...columns, tokens: tokens.select(kept) };
}
