/**
 * Reads Parquet with one row group in memory at a time. Decoding runs in a separate thread: a large row group takes
 * seconds, and a damaged file can keep the decoder busy forever, so it must be possible to stop it.
 */
import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';

import { throwIfAborted } from '../../core/abort.js';
import { EngineError } from '../../core/errors.js';
import { fileError } from '../../core/file-errors.js';
import { startWorker } from '../../core/start-module.js';
import type { ParquetReply, ParquetTask } from './parquet-worker.js';
import type { RawRow, RowSource } from './raw-row.js';

/** Time limit of a row group, plus an allowance per byte of the file: a hundred times the usual time. */
const DECODE_LIMIT_MS = 30_000;
const DECODE_LIMIT_MS_PER_BYTE = 1 / 1000;

/** Heap limit of the decoder. A row group that needs more is damaged, or was written far too large. */
const HEAP_MIB = 4096;

/**
 * Opens a Parquet file. The `line` of a row is its number, counted from 1. Reading rejects with `ERR_DATA` for a
 * missing, truncated or damaged file, with `ERR_IO`, or with `ERR_ABORTED`.
 *
 * @param bytes size of the file
 * @param wanted columns to read, if they exist; the others are never decoded
 * @param limitMs time limit of a row group, without the allowance for the size of the file. @default 30 s
 */
export function openParquet(
  path: string,
  bytes: number,
  wanted: readonly string[],
  signal?: AbortSignal,
  limitMs = DECODE_LIMIT_MS,
): RowSource {
  let share = 0;
  async function* blocks(): AsyncGenerator<RawRow[]> {
    const worker = startWorker('records/formats/parquet-worker', {
      workerData: { path, wanted } satisfies ParquetTask,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
    });
    try {
      for (;;) {
        const reply = await nextReply(worker, path, limitMs + bytes * DECODE_LIMIT_MS_PER_BYTE, signal);
        if (reply.kind === 'end') return;
        if (reply.kind === 'error') {
          throw reply.system
            ? fileError(Object.assign(new Error(reply.reason), reply.system), `read ${path}`)
            : damaged(path, reply.reason);
        }
        source.columns = reply.columns;
        share = (reply.begin + reply.rows.length) / reply.totalRows;
        yield reply.rows.map((cells, i) => ({ line: reply.begin + i + 1, cells, text: undefined }));
      }
    } finally {
      await worker.terminate();
    }
  }
  const source: RowSource = { blocks: blocks(), progress: () => share };
  return source;
}

async function nextReply(
  worker: Worker,
  path: string,
  limitMs: number,
  signal: AbortSignal | undefined,
): Promise<ParquetReply> {
  throwIfAborted(signal);
  const timeLimit = AbortSignal.timeout(Math.ceil(limitMs));
  worker.postMessage('next');
  try {
    const [reply] = (await once(worker, 'message', {
      signal: signal ? AbortSignal.any([signal, timeLimit]) : timeLimit,
    })) as [ParquetReply];
    return reply;
  } catch (error) {
    throwIfAborted(signal);
    if (timeLimit.aborted) throw damaged(path, `decoding did not end within ${Math.ceil(limitMs / 1000)} s`);
    if (error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') {
      throw damaged(
        path,
        `a row group needs more than ${HEAP_MIB} MiB (if the file is intact, write it with smaller row groups)`,
      );
    }
    throw new EngineError('ERR_INTERNAL', `The Parquet decoder failed: ${String(error)}`, { cause: error });
  }
}

function damaged(path: string, reason: string): EngineError {
  return new EngineError('ERR_DATA', `${path} is not a Parquet file, or is truncated or damaged: ${reason}`);
}
