import { throwIfAborted } from '../core/abort.js';
import { EngineError } from '../core/errors.js';
import { ByteStream } from './formats/byte-stream.js';
import { readCsv } from './formats/csv-reader.js';
import { readJsonl } from './formats/jsonl-reader.js';
import { openParquet } from './formats/parquet-reader.js';
import type { RawRow, RejectedRow, RowSource } from './formats/raw-row.js';
import { type InputFile, resolveInputs } from './input-files.js';
import { type ReadOptions, type ResolvedReadOptions, resolveReadOptions } from './read-options.js';
import type { QaRecord } from './record.js';
import { COLUMN_SAMPLE_ROWS, columnsOf, RecordMapper } from './record-mapper.js';

/** A batch also ends at this many characters, so that very long answers do not fill the memory. */
const BATCH_CHARACTERS = 8 * 2 ** 20;

/** Answers of one file, and the rows that were skipped. */
export interface RecordBatch {
  records: QaRecord[];
  /** The file that contains all rows of the batch. */
  file: string;
  /** Skipped rows in file order; always empty without `skipBad`. */
  rejected: RejectedRow[];
  /** Share of all input bytes read so far, 0 to 1. */
  progress: number;
}

/**
 * Reads records in order from JSONL, CSV (both optionally gzipped) and Parquet files, or folders of them. Memory use is
 * constant: a chunk and a batch, or for Parquet a row group and a batch.
 *
 * In every row, question, answer, model and language must be strings that are not blank; ids, models and languages
 * contain no control characters, and languages become ISO 639-3 codes: `eng` for `en`, `en-US` and `English`. If a file
 * has no column for the question id, ids are derived from the questions. Numeric ids become strings. Lone surrogates,
 * which have no UTF-8 form, become U+FFFD. Rows with equal ids are all kept. The ends of batches depend only on the
 * contents and `batchSize`, so a second run over the same files yields the same batches.
 *
 * @param paths files or folders; a folder stands for all supported files in it and its subfolders, sorted by name;
 *   with `skipBad`, files in it that do not have the columns of answers are rejected as a whole
 * @throws EngineError `ERR_DATA` with file and line for the first bad row, unless `skipBad`; `ERR_DATA` for a file that
 *   is missing, empty, truncated or damaged, for a missing column, and if no usable row remains; `ERR_ARG_RANGE` for a
 *   mapped column that a file does not have; `ERR_ARG_TYPE`, `ERR_IO`, `ERR_ABORTED`
 */
export async function* readRecords(paths: readonly string[], options?: ReadOptions): AsyncGenerator<RecordBatch> {
  const resolved = resolveReadOptions(options);
  const files = await resolveInputs(paths, resolved.format);
  const totalBytes = Math.max(
    1,
    files.reduce((sum, file) => sum + file.bytes, 0),
  );
  let bytesBefore = 0;
  let count = 0;
  let firstRejected: RejectedRow | undefined;
  for (const file of files) {
    for await (const batch of readFile(file, resolved)) {
      count += batch.records.length;
      firstRejected ??= batch.rejected[0];
      batch.progress = (bytesBefore + batch.progress * file.bytes) / totalBytes;
      yield batch;
      throwIfAborted(resolved.signal);
    }
    bytesBefore += file.bytes;
  }
  if (count > 0) return;
  const why = firstRejected
    ? `; the first skipped row is ${firstRejected.file}:${firstRejected.line}: ${firstRejected.reason}`
    : '';
  throw new EngineError('ERR_DATA', `Found no usable record in ${paths.join(', ') || 'an empty list of files'}${why}`);
}

async function* readFile(file: InputFile, options: ResolvedReadOptions): AsyncGenerator<RecordBatch> {
  throwIfAborted(options.signal);
  const source = openRows(file, options);
  const startBatch = (): RecordBatch => ({ records: [], file: file.path, rejected: [], progress: 0 });
  let batch = startBatch();
  let characters = 0;
  const reject = (line: number, reason: string, text: string): void => {
    if (!options.skipBad) throw new EngineError('ERR_DATA', `${file.path}:${line}: ${reason}`);
    batch.rejected.push({ file: file.path, line, reason, text });
    characters += text.length;
  };
  let rowCount = 0;
  for await (const { rows, mapper } of withMapper(file, source, options)) {
    throwIfAborted(options.signal);
    rowCount += rows.length;
    if (typeof mapper === 'string') {
      reject(0, mapper, '');
      break;
    }
    for (const row of rows) {
      const record = mapper.map(row);
      if (typeof record === 'string') {
        reject(row.line, record, row.text ?? JSON.stringify(row.cells, jsonValue));
      } else {
        batch.records.push(record);
        characters += record.question.length + record.answer.length;
      }
      if (
        batch.records.length < options.batchSize &&
        batch.rejected.length < options.batchSize &&
        characters < BATCH_CHARACTERS
      )
        continue;
      batch.progress = source.progress();
      yield batch;
      batch = startBatch();
      characters = 0;
    }
  }
  if (rowCount === 0) reject(1, 'the file has no rows', '');
  batch.progress = 1;
  if (batch.records.length + batch.rejected.length > 0) yield batch;
}

function openRows({ path, format, bytes }: InputFile, { columns, signal }: ResolvedReadOptions): RowSource {
  if (format === 'parquet') return openParquet(path, bytes, Object.values(columns), signal);
  const stream = new ByteStream(path, signal);
  const blocks = format === 'csv' ? readCsv(stream.chunks(), path) : readJsonl(stream.chunks());
  return { blocks, progress: () => Math.min(1, stream.bytesRead / Math.max(1, bytes)) };
}

/**
 * Pairs the rows with their mapper, which is created as soon as the columns of the file are known, or with the reason
 * why the file has no answers.
 */
async function* withMapper(
  file: InputFile,
  source: RowSource,
  options: ResolvedReadOptions,
): AsyncGenerator<{ rows: RawRow[]; mapper: RecordMapper | string }> {
  let mapper: RecordMapper | string | undefined;
  let waiting: RawRow[] = [];
  for await (const block of source.blocks) {
    const rows = waiting.length === 0 ? block : waiting.concat(block);
    waiting = [];
    if (!mapper && !source.columns && rows.length < COLUMN_SAMPLE_ROWS) {
      waiting = rows;
      continue;
    }
    if (rows.length === 0) continue;
    mapper ??= mapperOf(file, source.columns ?? columnsOf(rows), options);
    yield { rows, mapper };
  }
  if (waiting.length > 0) yield { rows: waiting, mapper: mapperOf(file, columnsOf(waiting), options) };
}

/** Returns the mapper of a file, or says why the file has no answers if it is one that can be skipped. */
function mapperOf(
  { path, inFolder }: InputFile,
  columns: readonly string[] | undefined,
  options: ResolvedReadOptions,
): RecordMapper | string {
  const canSkip = inFolder && options.skipBad;
  try {
    return new RecordMapper(canSkip ? 'the file' : path, columns, options);
  } catch (error) {
    if (!inFolder || !(error instanceof EngineError)) throw error;
    if (canSkip) return error.problem;
    const skip = { text: 'skip files without answers', option: { name: 'skipBad', value: true } };
    throw new EngineError(error.code, error.problem, { cause: error, remedies: [...error.remedies, skip] });
  }
}

/** Converts the 64-bit integers of Parquet, which JSON.stringify rejects. */
function jsonValue(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
