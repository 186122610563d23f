import type { Dataset } from '../../datasets/dataset.js';
import type { EncoderBackend, EncoderPrecision } from '../../encoder/encoder.js';
import type { ScanResult } from './scan.js';

/** Counts and rates of one embedding. */
export interface EmbedSummary extends ScanResult {
  dataset: string;
  encoder: string;
  /** Where it computed, and how. */
  backend: EncoderBackend;
  precision: EncoderPrecision;
  dim: number;
  /** Rows that the inputs added to the dataset: all of a new one. */
  addedRows: number;
  /** Rows of these that an earlier, interrupted run had written. */
  resumedRows: number;
  /** Texts that this run encoded: a text that many rows have is encoded once. */
  embeddedTexts: number;
  /** Tokens and seconds of this run, without reading ahead and loading the encoder. */
  tokens: number;
  seconds: number;
  answersPerSecond: number;
  tokensPerSecond: number;
  /** CPU time of this process by the time that its threads had, 0 to 1; absent where another process computes. */
  cpuBusy?: number;
  /** Share of the time in which the encoder computed and did not wait for texts, at least; absent as `cpuBusy`. */
  encoderBusy?: number;
  /** Largest resident memory of this process. */
  peakMemoryBytes: number;
  /** File with the rows that were left out. */
  rejects?: string;
}

/** The summary where the dataset had all inputs already. */
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
