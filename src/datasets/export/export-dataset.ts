import { writeFully } from '../../core/positioned-io.js';
import { expectReplaceable, replaceFileBy } from '../../core/replace-file.js';
import {
  expectBoolean,
  expectCallback,
  expectOneOf,
  expectOptions,
  expectPath,
  expectSignal,
} from '../../core/validate.js';
import { type Dataset, givenDataset } from '../dataset.js';
import { csvParts } from './csv-parts.js';
import { DATASET_EXPORT_FORMATS, type DatasetExportFormat } from './dataset-export-formats.js';
import { type ExportedRows, exportedRows } from './exported-rows.js';
import { parquetParts } from './parquet-parts.js';

/** Rows in memory at once, and those of a row group of Parquet. */
const ROWS_PER_PART = 4096;

/** Options of `exportDataset`. */
export interface DatasetExportOptions {
  /** Format of the file. */
  to: DatasetExportFormat;
  /** Whether to export the vectors: a list of float32 in Parquet, columns `v0`, `v1`, ... in CSV. @default true */
  vectors?: boolean | undefined;
  signal?: AbortSignal | undefined;
  /** Receives the number of rows written so far. */
  onProgress?: ((rows: number) => void) | undefined;
}

/** What `exportDataset` wrote. */
export interface DatasetExportResult {
  rows: number;
  /** Entries of a vector; 0 without vectors. */
  dim: number;
  /** Size of the file. */
  bytes: number;
}

/**
 * Writes all answers of a dataset into one file for other programs, with their value ids and the vectors of the encoder
 * that embedded them, in the order of the dataset. Both formats keep every bit of the vectors. A few thousand rows are
 * in memory at once. An older file is replaced once the new one is complete.
 *
 * @param dataset a dataset or its folder
 * @param file path of the file to write
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_DATA`, `ERR_IO`, `ERR_ABORTED`
 */
export async function exportDataset(
  dataset: Dataset | string,
  file: string,
  options: DatasetExportOptions,
): Promise<DatasetExportResult> {
  const given = expectOptions(options, 'options', ['to', 'vectors', 'signal', 'onProgress']);
  const to = expectOneOf(given.to, 'to', DATASET_EXPORT_FORMATS);
  const withVectors = expectBoolean(given.vectors ?? true, 'vectors');
  const signal = expectSignal(given.signal, 'signal');
  const onProgress = expectCallback(given.onProgress as DatasetExportOptions['onProgress'], 'onProgress');
  expectPath(file, 'file');
  const opened = await givenDataset(dataset);
  await expectReplaceable(file);
  const { dim, rows } = opened;
  let written = 0;
  async function* counted(): AsyncGenerator<ExportedRows> {
    for await (const part of exportedRows(opened, { rowsPerPart: ROWS_PER_PART, withVectors, signal })) {
      yield part;
      written += part.records.length;
      onProgress?.(written);
    }
  }
  let bytes = 0;
  await replaceFileBy(file, async (handle) => {
    const parts = to === 'csv' ? csvParts(counted(), dim) : parquetParts(counted(), dim, withVectors);
    for await (const part of parts) {
      await writeFully(handle, part, bytes);
      bytes += part.length;
    }
  });
  return { rows, dim: withVectors ? dim : 0, bytes };
}
