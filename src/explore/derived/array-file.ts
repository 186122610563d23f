/**
 * A file of named arrays that were computed from a dataset and can be computed again: a frame (core/framed-file.ts)
 * with {@link Header}, and the arrays one after the other, little-endian, each padded with zeros to a multiple of 8
 * bytes.
 */
import { decodeFrame, encodeFrame, paddingOf } from '../../core/framed-file.js';
import { isObject, type Json } from '../../core/json-file.js';

const TYPES = { f32: Float32Array, i32: Int32Array, u32: Uint32Array } as const;
type ArrayType = keyof typeof TYPES;
export type StoredArray = Float32Array | Int32Array | Uint32Array;

export interface ArrayFile {
  /** What the arrays were made from and how. A file with other values is not the one that is looked for. */
  made: unknown;
  /** What the arrays do not hold, as JSON. */
  data: unknown;
  arrays: Record<string, StoredArray>;
}

interface Header {
  made: unknown;
  data: unknown;
  arrays: { name: string; type: ArrayType; length: number }[];
}

const MAGIC = Buffer.from('\x93UVMAPS\x01', 'latin1');

/** Encodes the arrays as the parts of a file. */
export function encodeArrays({ made, data, arrays }: ArrayFile): Uint8Array[] {
  const entries = Object.entries(arrays);
  const header: Header = {
    made,
    data,
    arrays: entries.map(([name, array]) => ({ name, type: typeOf(array), length: array.length })),
  };
  const parts = entries.flatMap(([, { buffer, byteOffset, byteLength }]) => [
    new Uint8Array(buffer, byteOffset, byteLength),
    Buffer.alloc(paddingOf(byteLength)),
  ]);
  return encodeFrame(MAGIC, header, parts);
}

/** Decodes the bytes of a file; returns undefined if they are damaged. The arrays are views of `bytes`. */
export function decodeArrays(bytes: Uint8Array<ArrayBuffer>): ArrayFile | undefined {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frame = decodeFrame(MAGIC, file);
  const header = frame && parseHeader(frame.header);
  if (!header) return undefined;
  let at = frame.bodyFrom;
  const arrays: ArrayFile['arrays'] = {};
  for (const { name, type, length } of header.arrays) {
    const end = at + length * TYPES[type].BYTES_PER_ELEMENT;
    if (end > file.length) return undefined;
    // A typed array needs an aligned address, which a view of a pooled buffer does not have.
    const start = bytes.byteOffset + at;
    arrays[name] =
      start % TYPES[type].BYTES_PER_ELEMENT === 0
        ? new TYPES[type](bytes.buffer, start, length)
        : new TYPES[type](bytes.slice(at, end).buffer);
    at = end + paddingOf(end - at);
  }
  return at === file.length ? { made: header.made, data: header.data, arrays } : undefined;
}

function parseHeader({ made, data, arrays }: Json): Header | undefined {
  return Array.isArray(arrays) && arrays.every(isEntry) ? { made, data, arrays } : undefined;
}

function isEntry(value: unknown): value is Header['arrays'][number] {
  if (!isObject(value)) return false;
  const { name, type, length } = value as Record<string, unknown>;
  const isType = typeof type === 'string' && Object.hasOwn(TYPES, type);
  return typeof name === 'string' && isType && Number.isSafeInteger(length) && (length as number) >= 0;
}

function typeOf(array: StoredArray): ArrayType {
  return (Object.keys(TYPES) as ArrayType[]).find((type) => array instanceof TYPES[type])!;
}
