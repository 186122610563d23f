import type { Dataset } from '../../datasets/dataset.js';
import type { EncoderBackend, EncoderPrecision } from '../../encoder/encoder.js';
import type { ScanResult } from './scan.js';

/** Counts and rates of one embedding run. */
export interface EmbedSummary extends ScanResult {
  dataset: string;
  encoder: string;
  /** Backend and precision of the encoder. */
  backend: EncoderBackend;
  precision: EncoderPrecision;
  dim: number;
  /** Rows that the inputs added to the dataset; all rows of a new dataset. */
  addedRows: number;
  /** Those of the added rows that an earlier, interrupted run had written. */
  resumedRows: number;
  /** Texts that this run encoded. A text shared by many rows is encoded once. */
  embeddedTexts: number;
  /** Tokens and seconds of this run, without the first pass over the inputs and loading the encoder. */
  tokens: number;
  seconds: number;
  answersPerSecond: number;
  tokensPerSecond: number;
  /**
   * CPU time of this process divided by `seconds` and the number of threads, 0 to 1; absent if another process
   * computes.
   */
  cpuBusy?: number;
  /**
   * Lower bound of the share of time in which the encoder computed and did not wait for texts; absent like `cpuBusy`.
   */
  encoderBusy?: number;
  /** Peak resident memory of this process. */
  peakMemoryBytes: number;
  /** File that lists the skipped rows. */
  rejects?: string;
}

/** Summarises a run that found all inputs in the dataset already. */
export function summaryOfUnchanged(
  { dir, rows, manifest }: Dataset,
  encoder: { name: string; backend: EncoderBackend; precision: EncoderPrecision; dim: number },
): EmbedSummary {
  const ids = Object.keys(manifest.valueIds);
  const { name, backend, precision, dim } = encoder;
  return {
    dataset: dir,
    encoder: name,
    backend,
    precision,
    dim,
    rows,
    models: new Set(ids.map((id) => id.slice(0, id.lastIndexOf('$')))).size,
    valueIds: ids.length,
    rejected: 0,
    skippedFiles: [],
    duplicates: manifest.duplicates,
    addedRows: 0,
    resumedRows: 0,
    embeddedTexts: 0,
    tokens: 0,
    seconds: 0,
    answersPerSecond: 0,
    tokensPerSecond: 0,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
  };
}
