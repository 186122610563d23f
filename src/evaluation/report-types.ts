import type { Picture } from '../plots/picture.js';
import type { ClassifierResult } from './classifier/evaluate-classifier.js';
import type { KnnResult } from './knn.js';
import type { ProbeResult } from './probe.js';

/** One evaluation of a report. */
export interface ReportEntry {
  /** Name of the evaluation, for example `MiniLM, kNN`; unique within the report. */
  name: string;
  result: KnnResult | ProbeResult | ClassifierResult;
}

/** The results of several evaluations. */
export interface Report {
  title: string;
  /** A paragraph on data and method. */
  description?: string;
  /** At least one. The results must be on the same rows, so that they can be compared. */
  entries: readonly ReportEntry[];
  /**
   * Curves of the training of the encoder, from `trainingCurves`; written to the folder of the report as
   * training-*.svg.
   */
  training?: readonly Picture[];
}
