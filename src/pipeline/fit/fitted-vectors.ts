/** Reads the answers of a dataset for a fit, and writes the vectors of the fitted encoder. */
import { throwIfAborted } from '../../core/abort.js';
import type { Dataset } from '../../datasets/dataset.js';
import type { FitShard } from '../../datasets/fits/fit-manifest.js';
import { embeddingsToBytes } from '../../datasets/shards/embedding-bytes.js';
import { npyHeader } from '../../datasets/shards/npy.js';
import { writeWhole } from '../../datasets/shards/shard-files.js';
import type { Encoder } from '../../encoder/encoder.js';
import type { CallOptions } from '../../native/call.js';

/** Reads the answers of ascending rows, in the batches that come from disk. */
export async function* answersOf(
  dataset: Dataset,
  rows: Int32Array,
  signal: AbortSignal | undefined,
): AsyncGenerator<string[]> {
  let first = 0;
  let next = 0;
  for await (const records of dataset.recordBlocks()) {
    throwIfAborted(signal, 'The fit was aborted');
    const answers: string[] = [];
    for (; next < rows.length && rows[next]! < first + records.length; next++)
      answers.push(records[rows[next]! - first]!.answer);
    if (answers.length > 0) yield answers;
    if (next === rows.length) return;
    first += records.length;
  }
}

export interface VectorTask extends CallOptions {
  dataset: Dataset;
  encoder: Encoder;
  /** Folder of the vectors, within the dataset folder. */
  folder: string;
  /** Vectors of the same encoder that exist in `folder`. */
  existing: readonly FitShard[];
}

/**
 * Encodes all answers of a dataset, shard by shard, and writes their vectors. Vectors that exist are kept. `onProgress`
 * receives the number of rows.
 *
 * @throws EngineError `ERR_DATA`, `ERR_IO`, `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`
 */
export async function encodeShards({
  dataset,
  encoder,
  folder,
  existing,
  signal,
  onProgress,
}: VectorTask): Promise<FitShard[]> {
  const known = new Map(existing.map((shard) => [shard.records, shard]));
  const shards: FitShard[] = [];
  let done = 0;
  for (const [i, { rows, records }] of dataset.manifest.shards.entries()) {
    const before = done;
    const shard = known.get(records.sha256) ?? {
      rows,
      records: records.sha256,
      embeddings: await writeWhole(dataset.dir, `${folder}/${records.sha256.slice(0, 16)}.npy`, [
        npyHeader(rows, encoder.dim, 'f32'),
        ...(await encodeShard(dataset, i, encoder, signal, (encoded) => onProgress?.(before + encoded))),
      ]),
    };
    shards.push(shard);
    done += rows;
    onProgress?.(done);
  }
  return shards;
}

/** Encodes the answers of a shard while the next ones are read. Returns the bytes of their vectors, in order. */
async function encodeShard(
  dataset: Dataset,
  shard: number,
  encoder: Encoder,
  signal: AbortSignal | undefined,
  onProgress: (rows: number) => void,
): Promise<Uint8Array[]> {
  const parts: Uint8Array[] = [];
  let rows = 0;
  let encoding: Promise<void> = Promise.resolve();
  const encode = async (answers: string[]): Promise<void> => {
    const { embeddings } = await encoder.encode(answers, { signal });
    parts.push(embeddingsToBytes(embeddings, encoder.dim, 'f32'));
    onProgress((rows += answers.length));
  };
  try {
    for await (const records of dataset.shardRecordBlocks(shard)) {
      await encoding;
      encoding = encode(records.map(({ answer }) => answer));
      encoding.catch(() => undefined); // awaited above or below
    }
  } finally {
    await encoding;
  }
  return parts;
}
