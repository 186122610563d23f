/**
 * Lines of a change journal: a CRC-32 in eight hexadecimal digits, a space, JSON, a line feed. Changes that became
 * durable together share one line, so a crash can only tear the last line.
 */
import { crc32 } from 'node:zlib';
import { base64ToVectors, vectorsToBase64 } from '../../core/vector-base64.js';

import type { QaRecord } from '../../records/record.js';

/** Rows that were added or removed. Row numbers continue those of the dataset. */
export type Change = { add: AddedRows } | { remove: number[] };

export interface AddedRows {
  /** Row number of the first record. */
  first: number;
  records: QaRecord[];
  /** [records.length, dim] */
  vectors: Float32Array;
}

/** Identifies the dataset that a journal belongs to. With any other dataset, its row numbers have no meaning. */
export interface JournalBase {
  rows: number;
  dim: number;
  /** See `Dataset.embeddingsChecksum`. */
  embeddings: string;
  /** See `Dataset.recordsChecksum`. Missing in journals of releases that did not write it. */
  records?: string;
}

const FORMAT = 'univar-changes';
const VERSION = 1;
const CHECKSUM_DIGITS = 8;

export function headerLine(base: JournalBase): string {
  return line(JSON.stringify({ format: FORMAT, version: VERSION, ...base }));
}

export function changesLine(changes: readonly Change[]): string {
  return line(
    JSON.stringify(
      changes.map((change) =>
        'add' in change ? { add: { ...change.add, vectors: vectorsToBase64(change.add.vectors) } } : change,
      ),
    ),
  );
}

function line(json: string): string {
  return `${checksum(json)} ${json}\n`;
}

function checksum(json: string | Uint8Array): string {
  return crc32(json).toString(16).padStart(CHECKSUM_DIGITS, '0');
}

/** Parses a line without its line feed; returns undefined if the line is torn or damaged. */
export function parseLine(bytes: Buffer): unknown {
  const json = bytes.subarray(CHECKSUM_DIGITS + 1);
  if (json.length === 0 || bytes.toString('latin1', 0, CHECKSUM_DIGITS + 1) !== `${checksum(json)} `) return undefined;
  return JSON.parse(json.toString()) as unknown;
}

/** @returns undefined if the value is not a header of this format and version */
export function parseHeader(value: unknown): JournalBase | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { format, version, rows, dim, embeddings, records } = value as Record<string, unknown>;
  if (format !== FORMAT || version !== VERSION) return undefined;
  if (typeof rows !== 'number' || typeof dim !== 'number' || typeof embeddings !== 'string') return undefined;
  return { rows, dim, embeddings, ...(typeof records === 'string' && { records }) };
}

/**
 * Decodes the changes of a line. Does not check their types: only {@link changesLine} writes lines with a valid
 * checksum.
 */
export function parseChanges(value: unknown): Change[] {
  type Stored = { add: Omit<AddedRows, 'vectors'> & { vectors: string } } | { remove: number[] };
  return (value as Stored[]).map((change) =>
    'add' in change ? { add: { ...change.add, vectors: base64ToVectors(change.add.vectors) } } : change,
  );
}
