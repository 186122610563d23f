import type { Picture } from '../plots/import-plots.js';
import type { KnnResult } from './knn.js';
import type { ProbeResult } from './probe.js';

export interface ReportEntry {
  /** What was evaluated, for example `MiniLM, kNN`; unique within the report. */
  name: string;
  result: KnnResult | ProbeResult;
}

export interface Report {
  title: string;
  /** A paragraph on data and method. */
  description?: string;
  /** At least one; results on the same rows, so that they can be compared. */
  entries: readonly ReportEntry[];
  /** Curves of the training of the encoder, from `trainingCurves`; written beside the report as training-*.svg. */
  training?: readonly Picture[];
}
