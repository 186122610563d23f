/** Vectors and rows in the binary formats of pgvector and COPY. Everything is big-endian. */
import { createHash } from 'node:crypto';

import { toFloat16 } from '../../core/float16.js';
import { splitValueId } from '../../core/value-id.js';
import type { Storage } from './kind.js';

export const ENTRY_BYTES = { f32: 4, f16: 2 } as const;

/** Bytes before the entries of a vector: int16 dim, int16 unused. */
const VECTOR_HEADER = 4;
const ROWS_PER_CHUNK = 512;

const COPY_HEADER = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);
const COPY_TRAILER = Buffer.from([0xff, 0xff]);
/** label, model, lang, embedding */
const FIELDS = 4;

/** Encodes each row of a matrix [rows, dim] as a query parameter. */
export function vectorParameters(vectors: Float32Array, dim: number, storage: Storage): Buffer[] {
  const entries = entryBytes(vectors, storage);
  const width = dim * ENTRY_BYTES[storage];
  return Array.from({ length: vectors.length / dim }, (_, row) => {
    const bytes = Buffer.alloc(VECTOR_HEADER + width);
    bytes.writeInt16BE(dim);
    entries.copy(bytes, VECTOR_HEADER, row * width, (row + 1) * width);
    return bytes;
  });
}

export interface LabelledRows {
  /** [rows, dim] */
  vectors: Float32Array;
  /** Value id of every row. */
  valueIds: readonly string[] | undefined;
  /** Label of every row. */
  labels: Int32Array;
}

/**
 * Generates the input of `COPY (label, model, lang, embedding[, digest]) FROM STDIN (FORMAT binary)` in chunks.
 *
 * @param onRows receives the number of rows so far, after each chunk that was consumed
 */
export async function* copyBytes(
  batches: AsyncIterable<LabelledRows> | Iterable<LabelledRows>,
  { dim, storage, hasDigests }: { dim: number; storage: Storage; hasDigests: boolean },
  onRows: (rows: number) => void,
): AsyncGenerator<Buffer> {
  yield COPY_HEADER;
  let done = 0;
  for await (const { vectors, valueIds, labels } of batches) {
    const parameters = vectorParameters(vectors, dim, storage);
    for (let begin = 0; begin < parameters.length; begin += ROWS_PER_CHUNK) {
      const chunk = parameters.slice(begin, begin + ROWS_PER_CHUNK);
      yield Buffer.concat(
        chunk.flatMap((vector, i) => rowBytes(labels[begin + i]!, valueIds?.[begin + i], vector, hasDigests)),
      );
      done += chunk.length;
      onRows(done);
    }
  }
  yield COPY_TRAILER;
}

function rowBytes(label: number, valueId: string | undefined, vector: Buffer, hasDigest: boolean): Buffer[] {
  const head = Buffer.alloc(10);
  head.writeInt16BE(FIELDS + (hasDigest ? 1 : 0));
  head.writeInt32BE(4, 2);
  head.writeInt32BE(label, 6);
  const { model, lang } = valueId === undefined ? {} : splitValueId(valueId);
  const fields = [head, ...fieldBytes(model), ...fieldBytes(lang), ...fieldBytes(vector)];
  if (hasDigest) fields.push(...fieldBytes(digestOf(label, model, lang, vector)));
  return fields;
}

/** Returns the first 8 bytes of the SHA-256 of a row. {@link digestExpression} is the same in SQL. */
function digestOf(label: number, model: string | undefined, lang: string | undefined, vector: Buffer): Buffer {
  return createHash('sha256')
    .update(`${label}\n${model ?? ''}\n${lang ?? ''}\n`)
    .update(vector)
    .digest()
    .subarray(0, 8);
}

/** Returns the SQL expression of the digest of a row. @param type `vector` or `halfvec` */
export function digestExpression(type: string): string {
  const names = `label || E'\\n' || coalesce(model, '') || E'\\n' || coalesce(lang, '') || E'\\n'`;
  const bytes = `convert_to(${names}, 'UTF8') || ${type}_send(embedding)`;
  return `('x' || substr(encode(sha256(${bytes}), 'hex'), 1, 16))::bit(64)::bigint`;
}

/** Encodes a field as its length and its bytes; the length of NULL is -1. */
function fieldBytes(value: Buffer | string | undefined): Buffer[] {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes?.length ?? -1);
  return bytes ? [length, bytes] : [length];
}

function entryBytes(vectors: Float32Array, storage: Storage): Buffer {
  const entries = storage === 'f16' ? toFloat16(vectors) : vectors.slice();
  const bytes = Buffer.from(entries.buffer);
  return storage === 'f16' ? bytes.swap16() : bytes.swap32();
}
