import type { EncoderCliOptions } from '../encoder-options.js';

export interface IdentifyCliOptions extends EncoderCliOptions {
  fit: boolean;
  text?: string[];
  file?: string;
  question?: string;
  k?: number;
  evidence: number;
  encoder?: string;
  filterModel?: string[];
  filterLang?: string[];
  filterValueId?: string[];
  exact?: boolean;
  index?: string;
  table?: string;
  efSearch?: number;
  nprobe?: number;
  together?: boolean;
  why?: boolean;
  json?: boolean;
}
