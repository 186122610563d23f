import type { EncoderCliOptions } from '../encoder-options.js';

export interface DriftCommandOptions extends EncoderCliOptions {
  reference: string;
  target: string;
  checkpoints: string[];
  encoder?: string;
  samples: number;
  seed: number;
  out?: string;
  json?: boolean;
}
