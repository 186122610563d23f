/**
 * The journal of a dataset that is being written: a header line with the configuration, then one line per complete
 * shard. After a crash, the shards that the journal names and whose checksums match are kept; everything after them is
 * written again. Because of the checksums, the order in which the system flushed the files does not matter.
 */
import { readFile } from 'node:fs/promises';

import { systemCode, withFileErrors } from '../core/file-errors.js';
import { type DatasetConfiguration, isColumnOf, isCount, isFile, type ShardEntry } from './manifest.js';

export const JOURNAL_FILE = 'journal.partial';

const VERSION = 2;

export interface JournalHeader {
  configuration: DatasetConfiguration;
  /** SHA-256 of the manifest of the existing dataset; empty for a new dataset. */
  base: string;
  /** Folder of the shards within the dataset folder. */
  folder: string;
}

export interface Journal extends JournalHeader {
  shards: ShardEntry[];
}

export function journalHeader({ configuration, base, folder }: JournalHeader): string {
  return `${JSON.stringify({ journal: VERSION, configuration, base, folder })}\n`;
}

export function journalLine(shard: ShardEntry): string {
  return `${JSON.stringify(shard)}\n`;
}

/** Reads a journal up to the first torn line; undefined if the file is missing or its first line is torn. */
export async function readJournal(path: string): Promise<Journal | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    return withFileErrors(`read ${path}`, () => Promise.reject(error as Error));
  }
  const lines = text.split('\n').slice(0, -1); // the text after the last line feed is torn or empty
  const { journal, configuration, base, folder } = parse(lines[0]);
  if (
    journal !== VERSION ||
    typeof configuration !== 'object' ||
    typeof base !== 'string' ||
    typeof folder !== 'string'
  )
    return undefined;
  const shards: ShardEntry[] = [];
  for (const line of lines.slice(1)) {
    const { rows, embeddings, records, valueIds } = parse(line);
    const stem = `${folder}/${shardStem(shards.length)}`;
    if (!isCount(rows) || !isFile(embeddings) || !isFile(records) || !isColumnOf(records, valueIds)) break;
    if (embeddings.file !== `${stem}.npy` || records.file !== `${stem}.jsonl`) break;
    shards.push({ rows, embeddings, records, ...(valueIds && { valueIds }) });
  }
  return { configuration: configuration as DatasetConfiguration, base, folder, shards };
}

/** Returns the file name of shard `n` without its extension. */
export function shardStem(n: number): string {
  return String(n).padStart(5, '0');
}

/** Parses the JSON object in a line; returns an empty object if the line does not contain one. */
function parse(line: string | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line ?? '');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
