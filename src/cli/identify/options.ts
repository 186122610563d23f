import type { InputFormat } from '../../records/input-files.js';
import type { QaRecord } from '../../records/record.js';
import type { EncoderCliOptions } from '../encoder-options.js';

export interface IdentifyCliOptions extends EncoderCliOptions {
  fit: boolean;
  text?: string[];
  file?: string;
  question?: string;
  format?: InputFormat | 'text';
  columns?: Partial<Record<keyof QaRecord, string>>;
  skipBad?: boolean;
  k?: number;
  evidence?: number;
  textLength?: number;
  encoder?: string;
  filterModel?: string[];
  filterLang?: string[];
  filterValueId?: string[];
  exact?: boolean;
  index?: string;
  table?: string;
  efSearch?: number;
  nprobe?: number;
  rerank?: number;
  together?: boolean;
  why?: boolean;
  csv?: boolean;
  json?: boolean;
}
