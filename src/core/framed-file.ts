/**
 * The frame of binary files that are made from others and can be made again, little-endian:
 *
 *     0   8 bytes  magic number, with the version
 *     8   uint32   CRC-32 of all bytes from byte 12
 *     12  uint32   length of the header
 *     16  header   JSON, padded with spaces to a multiple of 8 bytes
 *         body
 */
import { crc32 } from 'node:zlib';

import { isObject, type Json } from './json-file.js';

const MAGIC_BYTES = 8;
const CHECKED_FROM = 12;
const HEADER_FROM = 16;
const ALIGNMENT = 8;

/** Encodes a file as parts to be written one after the other. */
export function encodeFrame(magic: Buffer, header: object, body: readonly Uint8Array[]): Uint8Array[] {
  const text = Buffer.from(JSON.stringify(header));
  const fields = Buffer.alloc(HEADER_FROM - MAGIC_BYTES);
  const padding = Buffer.alloc(paddingOf(HEADER_FROM + text.length), ' ');
  fields.writeUInt32LE(text.length + padding.length, 4);
  const checked = [fields.subarray(CHECKED_FROM - MAGIC_BYTES), text, padding, ...body];
  // Node's crc32 forgets the sum so far if a part is empty.
  fields.writeUInt32LE(checked.reduce((sum, part) => (part.length === 0 ? sum : crc32(part, sum)), 0));
  return [magic, fields, ...checked.slice(1)];
}

/** Decodes the header and finds the body; returns undefined if the bytes are damaged or of another kind. */
export function decodeFrame(magic: Buffer, bytes: Buffer): { header: Json; bodyFrom: number } | undefined {
  if (bytes.length < HEADER_FROM || !bytes.subarray(0, MAGIC_BYTES).equals(magic)) return undefined;
  if (bytes.readUInt32LE(MAGIC_BYTES) !== crc32(bytes.subarray(CHECKED_FROM))) return undefined;
  const bodyFrom = HEADER_FROM + bytes.readUInt32LE(CHECKED_FROM);
  try {
    const header: unknown = JSON.parse(bytes.toString('utf8', HEADER_FROM, bodyFrom));
    return isObject(header) ? { header, bodyFrom } : undefined;
  } catch {
    return undefined;
  }
}

/** Bytes up to the next multiple of 8. */
export function paddingOf(length: number): number {
  return -length & (ALIGNMENT - 1);
}
