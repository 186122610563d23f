import type { QaRecord } from '../../records/record.js';
import type { EncoderCliOptions } from '../encoder-options.js';

export interface EmbedOptions extends EncoderCliOptions {
  out: string;
  encoder?: string;
  dtype: 'f32' | 'f16';
  columns?: Partial<Record<keyof QaRecord, string>>;
  model?: string;
  lang?: string;
  format?: 'jsonl' | 'csv' | 'parquet';
  /** False: rows need no question. */
  question: boolean;
  skipBad?: boolean;
  batchTokens?: number;
  maxTokens?: number;
  shardRows: number;
  add?: boolean;
  queue?: string;
  exchange?: string;
  overwrite?: boolean;
  json?: boolean;
}
