/** The records of a shard: a file of JSON lines, written by {@link ShardRecords}. */
import { join } from 'node:path';

import { EngineError } from '../../core/errors.js';
import { ByteStream } from '../../records/formats/byte-stream.js';
import { type JsonlRow, parseJsonl, readJsonl } from '../../records/formats/jsonl-reader.js';
import type { QaRecord } from '../../records/record.js';
import type { ShardEntry } from '../manifest.js';
import { ColumnBuilder, type ValueIdColumn } from './value-id-column.js';

export interface ReadShardOptions {
  /** Stops the reading with `ERR_ABORTED`. */
  signal?: AbortSignal | undefined;
  /** Receives the bytes of the file, in order, before the records in them. */
  onChunk?: (chunk: Buffer) => void;
}

/** Consecutive records, each with the file position after its line. */
export interface RecordBlock {
  records: QaRecord[];
  ends: number[];
}

/** Collects the records of one shard as lines, and their value-id column. */
export class ShardRecords {
  readonly #lines: Buffer[] = [];
  readonly #column = new ColumnBuilder();
  #rows = 0;
  #bytes = 0;

  get rows(): number {
    return this.#rows;
  }

  /** The content of the records file. */
  get lines(): readonly Buffer[] {
    return this.#lines;
  }

  add(records: readonly QaRecord[]): void {
    const lines = records.map(recordLine);
    const bytes = Buffer.allocUnsafe(lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0));
    // One line at a time: one long string of all lines would take two bytes per character and several copies.
    let end = 0;
    for (const [i, line] of lines.entries()) {
      end += bytes.write(line, end);
      this.#column.add(records[i]!, this.#bytes + end);
    }
    this.#lines.push(bytes);
    this.#bytes += end;
    this.#rows += records.length;
  }

  column(): ValueIdColumn {
    return this.#column.build();
  }
}

/** Formats a record as a line of JSON with its fields in a fixed order. */
function recordLine({ qid, question, answer, model, lang, group }: QaRecord): string {
  return `${JSON.stringify({ qid, question, answer, model, lang, group })}\n`;
}

/**
 * Reads the records of a shard in order, in the blocks that come from disk.
 *
 * @throws EngineError `ERR_DATA` for a line that is not a record, or if the number of records differs from the
 *   manifest; `ERR_IO`, `ERR_ABORTED`
 */
export async function* readRecordBlocks(
  dir: string,
  { rows, records }: ShardEntry,
  { signal, onChunk }: ReadShardOptions = {},
): AsyncGenerator<RecordBlock> {
  const path = join(dir, records.file);
  let count = 0;
  for await (const block of readJsonl(watch(new ByteStream(path, signal).chunks(), onChunk))) {
    count += block.length;
    yield { records: block.map((row) => expectRecord(path, row)), ends: block.map(({ end }) => end) };
  }
  if (count !== rows) throw new EngineError('ERR_DATA', `${path} has ${count} records, but the manifest says ${rows}`);
}

/** Parses the bytes of a line; returns undefined if they are not exactly one record. */
export function parseRecord(line: Buffer): QaRecord | undefined {
  const [row, ...others] = parseJsonl(line);
  return row && others.length === 0 && isRecord(row.cells) ? row.cells : undefined;
}

async function* watch(chunks: AsyncIterable<Buffer>, see: ReadShardOptions['onChunk']): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    see?.(chunk);
    yield chunk;
  }
}

function expectRecord(path: string, { cells, line }: JsonlRow): QaRecord {
  if (isRecord(cells)) return cells;
  throw new EngineError(
    'ERR_DATA',
    `${path}:${line}: ${typeof cells === 'string' ? cells : 'the line is not a record'}`,
  );
}

function isRecord(cells: unknown): cells is QaRecord {
  const { qid, question, answer, model, lang, group = '' } = cells as Record<string, unknown>;
  return [qid, question, answer, model, lang, group].every((value) => typeof value === 'string');
}
