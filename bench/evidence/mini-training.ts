import type { Machine } from '../../packages/bench-gate/src/report/results-file.js';
import type { EncoderPrecision } from '../../src/encoder/encoder.js';
import type { TrainSummary } from '../../src/training/train.js';
import type { Figures, SetDescription } from './figures.js';

/** Content of packages/univar-mini/training.json. */
export interface MiniTraining {
  command: string;
  machine: Machine;
  recipeSha256: string;
  training: Pick<TrainSummary, 'rows' | 'validationRows' | 'valueIds' | 'steps' | 'tokens' | 'seconds' | 'best'>;
  /** Cosines between the vectors of `texts` held-out answers before and after the weights were rounded. */
  rounding: { texts: number; products: EncoderPrecision; mean: number; least: number }[];
  sets: SetDescription[];
  /** Figures by set, before training and of the released encoder. */
  base: Record<string, Figures>;
  figures: Record<string, Figures>;
}
