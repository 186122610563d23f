import type { Machine } from '../../src/benchmarking/results-file.js';
import type { EncoderPrecision } from '../../src/encoder/encoder.js';
import type { TrainSummary } from '../../src/training/train.js';
import type { Figures, SetDescription } from './figures.js';

/** models/univar-mini/training.json */
export interface DefaultTraining {
  command: string;
  machine: Machine;
  recipeSha256: string;
  training: Pick<TrainSummary, 'rows' | 'validationRows' | 'valueIds' | 'steps' | 'tokens' | 'seconds' | 'best'>;
  /** Cosines of the vectors of `texts` held-out answers to those before the weights were rounded. */
  rounding: { texts: number; products: EncoderPrecision; mean: number; least: number }[];
  sets: SetDescription[];
  /** By set; before the training and as it is shipped. */
  base: Record<string, Figures>;
  figures: Record<string, Figures>;
}
