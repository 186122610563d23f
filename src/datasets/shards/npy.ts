/**
 * Header of a NumPy array file (NEP 1): magic, version, length of the header text, header text padded with spaces.
 * Supports what a dataset needs: two dimensions, C order, little-endian float32 or float16.
 */
import { EngineError } from '../../core/errors.js';
import type { EmbeddingType } from './embedding-bytes.js';

export interface NpyHeader {
  rows: number;
  dim: number;
  dtype: EmbeddingType;
  /** Offset of the first entry in bytes. */
  dataOffset: number;
}

/** Fixed size of every header that this package writes. */
export const NPY_HEADER_BYTES = 128;

const MAGIC = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]);
const DESCR: Readonly<Record<EmbeddingType, string>> = { f32: '<f4', f16: '<f2' };

/** Builds the 128-byte header for `rows` x `dim` entries, format version 1.0. */
export function npyHeader(rows: number, dim: number, dtype: EmbeddingType): Buffer {
  const text = `{'descr': '${DESCR[dtype]}', 'fortran_order': False, 'shape': (${rows}, ${dim}), }`;
  const header = Buffer.alloc(NPY_HEADER_BYTES, ' ');
  MAGIC.copy(header);
  header.writeUInt8(1, 6);
  header.writeUInt8(0, 7);
  header.writeUInt16LE(NPY_HEADER_BYTES - 10, 8);
  header.write(text, 10, 'latin1');
  header.write('\n', NPY_HEADER_BYTES - 1);
  return header;
}

/**
 * Parses the header at the beginning of `bytes`, written by this package or by NumPy.
 *
 * @param file name of the file, for messages
 * @throws EngineError `ERR_DATA`
 */
export function parseNpyHeader(bytes: Buffer, file: string): NpyHeader {
  const refuse = (what: string): never => {
    throw new EngineError('ERR_DATA', `${file} ${what}`);
  };
  if (bytes.length < 12 || !bytes.subarray(0, 6).equals(MAGIC)) return refuse('is not a NumPy array file');
  const version = bytes[6]!;
  if (version < 1 || version > 3) return refuse(`has NumPy format version ${version}; versions 1 to 3 are supported`);
  const textOffset = version === 1 ? 10 : 12;
  const dataOffset = textOffset + (version === 1 ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8));
  if (dataOffset > bytes.length)
    return refuse(`ends within its header: expected ${dataOffset} bytes, found ${bytes.length}`);
  const text = bytes.toString('latin1', textOffset, dataOffset);
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape'\s*:\s*\(\s*(\d+)\s*,\s*(\d+)\s*,?\s*\)/.exec(text);
  const dtype = descr === DESCR.f32 ? 'f32' : descr === DESCR.f16 ? 'f16' : undefined;
  if (!dtype)
    return refuse(`holds entries of type ${descr ?? 'unknown'}; only ${DESCR.f32} and ${DESCR.f16} are supported`);
  if (order !== 'False') return refuse('is in Fortran order; only C order is supported');
  if (!shape) return refuse('does not have two dimensions');
  const rows = Number(shape[1]);
  const dim = Number(shape[2]);
  if (!Number.isSafeInteger(rows * dim * 4)) return refuse(`has an impossible shape of ${rows} x ${dim}`);
  return { rows, dim, dtype, dataOffset };
}
