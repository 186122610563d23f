/** A source of answers: a dataset folder with vectors, or files, whose answers are embedded when they are needed. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { throwIfAborted } from '../../core/abort.js';
import { allocateFloat32 } from '../../core/allocate.js';
import { EngineError } from '../../core/errors.js';
import { type Dataset, openDataset } from '../../datasets/dataset.js';
import { MANIFEST_FILE } from '../../datasets/manifest.js';
import type { Encoder } from '../../encoder/encoder.js';
import { readRecords } from '../../records/read-records.js';
import type { QaRecord } from '../../records/record.js';

/** An answer and its number within the source. */
export interface SourceRow {
  row: number;
  record: QaRecord;
}

export interface AnswerSource {
  readonly path: string;
  /** The dataset, if the source is one. */
  readonly dataset: Dataset | undefined;
  /** Reads all answers in order. Every call reads them again. */
  records(signal: AbortSignal | undefined): AsyncGenerator<SourceRow[]>;
  /**
   * Returns the vectors of some answers, [rows, dim]: those of the dataset (never those of its fit), or those that the
   * encoder gives to the answers of files.
   */
  vectors(rows: readonly SourceRow[], encoder: Encoder | undefined, options: VectorOptions): Promise<Float32Array>;
}

export interface VectorOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ((answers: number) => void) | undefined;
}

/** Opens a dataset folder, a file of answers, or a folder of such files. */
export async function openSource(path: string): Promise<AnswerSource> {
  return existsSync(join(path, MANIFEST_FILE)) ? datasetSource(await openDataset(path)) : fileSource(path);
}

function datasetSource(dataset: Dataset): AnswerSource {
  return {
    path: dataset.dir,
    dataset,
    async *records(signal) {
      let row = 0;
      for await (const block of dataset.recordBlocks()) {
        throwIfAborted(signal);
        yield block.map((record) => ({ row: row++, record }));
      }
    },
    async vectors(rows) {
      const { dim } = dataset;
      const vectors = allocateFloat32(rows.length * dim, `${rows.length} x ${dim} embeddings`);
      const reader = dataset.openEmbeddings();
      try {
        for (let begin = 0, end = 0; begin < rows.length; begin = end) {
          // Reads consecutive rows at once.
          for (end = begin + 1; end < rows.length && rows[end]!.row === rows[end - 1]!.row + 1; ) end++;
          await reader.read(rows[begin]!.row, vectors.subarray(begin * dim, end * dim));
        }
      } finally {
        await reader.close();
      }
      return vectors;
    },
  };
}

function fileSource(path: string): AnswerSource {
  return {
    path,
    dataset: undefined,
    async *records(signal) {
      let row = 0;
      for await (const { records } of readRecords([path], { signal }))
        yield records.map((record) => ({ row: row++, record }));
    },
    async vectors(rows, encoder, options) {
      if (!encoder) throw new EngineError('ERR_INTERNAL', `No encoder was loaded for ${path}`);
      const { embeddings } = await encoder.encode(
        rows.map(({ record }) => record),
        options,
      );
      return embeddings;
    },
  };
}
