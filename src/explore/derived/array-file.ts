/**
 * A file of named arrays that were computed from a dataset and can be computed again, little-endian:
 *
 *     0   8 bytes  0x93 "UVMAPS" and the version, 1
 *     8   uint32   CRC-32 of all bytes from byte 12
 *     12  uint32   length of the header
 *     16  header   JSON, {@link Header}, padded with spaces to a multiple of 8 bytes
 *         arrays   one after the other, each padded with zeros to a multiple of 8 bytes
 */
import { crc32 } from 'node:zlib';

import { isObject } from '../../core/json-file.js';

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
const CHECKED_FROM = 12;
const HEADER_FROM = 16;
const ALIGNMENT = 8;

/** Encodes the arrays as the parts of a file. */
export function encodeArrays({ made, data, arrays }: ArrayFile): Uint8Array[] {
  const entries = Object.entries(arrays);
  const header: Header = {
    made,
    data,
    arrays: entries.map(([name, array]) => ({ name, type: typeOf(array), length: array.length })),
  };
  const text = Buffer.from(JSON.stringify(header));
  const fields = Buffer.alloc(HEADER_FROM - MAGIC.length);
  const parts: Uint8Array[] = [fields.subarray(4), text, Buffer.alloc(paddingOf(HEADER_FROM + text.length), ' ')];
  for (const [, { buffer, byteOffset, byteLength }] of entries)
    parts.push(new Uint8Array(buffer, byteOffset, byteLength), Buffer.alloc(paddingOf(byteLength)));
  fields.writeUInt32LE(text.length + parts[2]!.length, 4);
  // Node's crc32 forgets the sum so far if a part is empty.
  fields.writeUInt32LE(parts.reduce((sum, part) => (part.length === 0 ? sum : crc32(part, sum)), 0));
  return [MAGIC, fields, ...parts.slice(1)];
}

/** Decodes the bytes of a file; returns undefined if they are damaged. The arrays are views of `bytes`. */
export function decodeArrays(bytes: Uint8Array<ArrayBuffer>): ArrayFile | undefined {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.length < HEADER_FROM || !file.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  if (file.readUInt32LE(MAGIC.length) !== crc32(file.subarray(CHECKED_FROM))) return undefined;
  let at = HEADER_FROM + file.readUInt32LE(CHECKED_FROM);
  const header = parseHeader(file.toString('utf8', HEADER_FROM, at));
  if (!header) return undefined;
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

function parseHeader(text: string): Header | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const { made, data, arrays } = value as Partial<Record<keyof Header, unknown>>;
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

function paddingOf(length: number): number {
  return -length & (ALIGNMENT - 1);
}
