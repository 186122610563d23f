/**
 * The value-id column of a shard: the value id of every row, and where its record ends in the records file. It gives
 * the value ids without parsing the records, and lets one record be read without the others.
 *
 * The file is a frame (core/framed-file.ts) with {@link Header}, and two arrays, little-endian:
 *
 *     ends     [rows], for every row the position in the records file after its line
 *     labels   [rows], for every row the position of its value id in `names` of the header
 *
 * Both arrays have the narrowest type that holds their largest number, so a row of a typical shard takes 5 or 6 bytes.
 */
import { toUSVString } from 'node:util';

import { decodeFrame, encodeFrame } from '../../core/framed-file.js';
import type { Json } from '../../core/json-file.js';
import { RowLabeller, type RowLabels } from '../../core/row-labels.js';
import { type QaRecord, valueId } from '../../records/record.js';
import type { FileEntry } from '../manifest.js';

export interface ValueIdColumn extends RowLabels {
  /** For every row, the position in the records file after its line. A record begins where the previous one ends. */
  ends: NumberArray;
}

/** The shard that a column belongs to. */
export interface ColumnShard {
  rows: number;
  records: Pick<FileEntry, 'bytes' | 'sha256'>;
}

interface Header {
  rows: number;
  /** SHA-256 of the records file. */
  records: string;
  /** The distinct value ids, ascending by UTF-16 code unit. */
  names: string[];
  /** Types of the arrays. */
  ends: ArrayType;
  labels: ArrayType;
}

/** Array types from narrowest to widest. */
const ARRAYS = { U8: Uint8Array, U16: Uint16Array, U32: Uint32Array, F64: Float64Array } as const;
type ArrayType = keyof typeof ARRAYS;
type NumberArray = InstanceType<(typeof ARRAYS)[ArrayType]>;

const MAGIC = Buffer.from('\x93UNIVAR\x01', 'latin1');

/** Builds the column from records added in order. */
export class ColumnBuilder {
  readonly #labeller = new RowLabeller();
  readonly #ends: number[] = [];

  /** @param end position in the records file after the line of the record */
  add(record: Pick<QaRecord, 'model' | 'lang'>, end: number): void {
    // A lone surrogate in a name is read back from the records file as U+FFFD.
    this.#labeller.add(toUSVString(valueId(record)));
    this.#ends.push(end);
  }

  build(): ValueIdColumn {
    return { ...this.#labeller.toRowLabels(), ends: narrowest(this.#ends) };
  }
}

/** Encodes a column as the bytes of its file. Equal columns of equal records give equal bytes. */
export function encodeColumn({ names, labels, ends }: ValueIdColumn, records: Pick<FileEntry, 'sha256'>): Buffer {
  const arrays = [narrowest(ends), narrowest(labels)] as const;
  const [endsType, labelsType] = arrays.map(typeOf) as [ArrayType, ArrayType];
  const fields: Header = { rows: ends.length, records: records.sha256, names, ends: endsType, labels: labelsType };
  const body = arrays.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength));
  return Buffer.concat(encodeFrame(MAGIC, fields, body));
}

/** Parses the bytes of a column file; returns undefined if they are damaged or belong to other records. */
export function parseColumn(bytes: Buffer, { rows, records }: ColumnShard): ValueIdColumn | undefined {
  const frame = decodeFrame(MAGIC, bytes);
  const header = frame && parseHeader(frame.header);
  if (header?.rows !== rows || header.records !== records.sha256) return undefined;
  const { names } = header;
  const arraysFrom = frame!.bodyFrom;
  const labelsFrom = arraysFrom + rows * ARRAYS[header.ends].BYTES_PER_ELEMENT;
  if (bytes.length !== labelsFrom + rows * ARRAYS[header.labels].BYTES_PER_ELEMENT) return undefined;
  const ends = new ARRAYS[header.ends](copyOf(bytes, arraysFrom, labelsFrom));
  const labels = new ARRAYS[header.labels](copyOf(bytes, labelsFrom, bytes.length));
  const fits = isIncreasing(ends, records.bytes) && labels.every((label: number) => label < names.length);
  return fits ? { names, labels: new Int32Array(labels), ends } : undefined;
}

function isIncreasing(ends: NumberArray, last: number): boolean {
  let before = 0;
  for (const end of ends) {
    if (!Number.isInteger(end) || end <= before || end > last) return false;
    before = end;
  }
  return true;
}

function parseHeader({ rows, records, names, ends, labels }: Json): Header | undefined {
  const isComplete =
    typeof rows === 'number' && typeof records === 'string' && isArrayType(ends) && isArrayType(labels);
  return isComplete && isAscending(names) ? { rows, records, names, ends, labels } : undefined;
}

function isArrayType(value: unknown): value is ArrayType {
  return typeof value === 'string' && Object.hasOwn(ARRAYS, value);
}

function isAscending(value: unknown): value is string[] {
  if (!Array.isArray(value)) return false;
  const names: unknown[] = value;
  return names.every((name, i) => typeof name === 'string' && (i === 0 || (names[i - 1] as string) < name));
}

/** Copies integers >= 0 into the narrowest type that holds them. */
function narrowest(numbers: ArrayLike<number>): NumberArray {
  let largest = 0;
  for (let i = 0; i < numbers.length; i++) largest = Math.max(largest, numbers[i]!);
  const type = largest < 2 ** 8 ? 'U8' : largest < 2 ** 16 ? 'U16' : largest < 2 ** 32 ? 'U32' : 'F64';
  return new ARRAYS[type](numbers);
}

function typeOf(array: NumberArray): ArrayType {
  return (Object.keys(ARRAYS) as ArrayType[]).find((type) => array instanceof ARRAYS[type])!;
}

/** Copies bytes, so that a typed array of any type can use them: it needs an aligned address. */
function copyOf({ buffer, byteOffset }: Buffer, begin: number, end: number): ArrayBuffer {
  return (buffer as ArrayBuffer).slice(byteOffset + begin, byteOffset + end);
}
