/**
 * The journal of a dataset that is being written: a line for the configuration, then one for every batch that was
 * written whole, with a checksum. After a crash the batches that the journal names and whose checksums hold are what
 * counts; everything behind them is cut off. Checksums make it irrelevant in which order the system wrote the files out.
 */
import { createHash } from 'node:crypto';
import { readFile, type FileHandle } from 'node:fs/promises';

import { systemCode, withFileErrors } from '../core/file-errors.js';
import type { DatasetConfiguration } from './manifest.js';
import { readExactly } from '../core/positioned-io.js';

export const JOURNAL_FILE = 'journal.partial';

const VERSION = 1;

export interface JournalBatch {
  rows: number;
  /** Bytes of the batch in rows.jsonl. */
  recordBytes: number;
  /** Of the bytes in embeddings.npy followed by those in rows.jsonl. */
  sha256: string;
}

export interface Journal {
  /** As JSON. */
  configuration: string;
  batches: JournalBatch[];
  /** Bytes of the header line. */
  headerBytes: number;
}

export function journalHeader(configuration: DatasetConfiguration): string {
  return `${JSON.stringify({ journal: VERSION, configuration })}\n`;
}

export function journalLine(batch: JournalBatch): string {
  return `${JSON.stringify(batch)}\n`;
}

export function batchChecksum(embeddings: Uint8Array, records: Uint8Array): string {
  return createHash('sha256').update(embeddings).update(records).digest('hex');
}

/** Reads a journal up to the first line that is torn; undefined where there is none, or not even a whole first line. */
export async function readJournal(path: string): Promise<Journal | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    return withFileErrors(`read ${path}`, () => Promise.reject(error as Error));
  }
  const lines = text.split('\n').slice(0, -1); // what follows the last line feed is torn, or empty
  const header = parse(lines[0]);
  if (header['journal'] !== VERSION) return undefined;
  const batches: JournalBatch[] = [];
  for (const line of lines.slice(1)) {
    const { rows, recordBytes, sha256 } = parse(line);
    if (!Number.isSafeInteger(rows) || !Number.isSafeInteger(recordBytes) || typeof sha256 !== 'string') break;
    batches.push({ rows: Number(rows), recordBytes: Number(recordBytes), sha256 });
  }
  return { configuration: JSON.stringify(header['configuration']), batches, headerBytes: Buffer.byteLength(lines[0]!) + 1 };
}

/** The leading batches whose bytes are all there and unchanged; `onBatch` receives the record bytes of each. */
export async function intactBatches(
  batches: readonly JournalBatch[],
  embeddings: { handle: FileHandle; offset: number; rowBytes: number },
  records: FileHandle,
  onBatch: (records: Buffer) => void,
): Promise<JournalBatch[]> {
  const intact: JournalBatch[] = [];
  let { offset } = embeddings;
  let recordOffset = 0;
  for (const batch of batches) {
    const embeddingBytes = await readExactly(embeddings.handle, offset, batch.rows * embeddings.rowBytes);
    const recordBytes = await readExactly(records, recordOffset, batch.recordBytes);
    if (!embeddingBytes || !recordBytes || batchChecksum(embeddingBytes, recordBytes) !== batch.sha256) break;
    onBatch(recordBytes);
    intact.push(batch);
    offset += embeddingBytes.length;
    recordOffset += recordBytes.length;
  }
  return intact;
}

/** The object that a line holds; an empty one where it holds none. */
function parse(line: string | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line ?? '');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
