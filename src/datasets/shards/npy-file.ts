import type { FileHandle } from 'node:fs/promises';

import { EngineError } from '../../core/errors.js';
import { withFileErrors } from '../../core/file-errors.js';
import { readFully } from '../../core/positioned-io.js';
import type { EmbeddingType } from './embedding-bytes.js';
import { NPY_HEADER_BYTES, parseNpyHeader } from './npy.js';

/**
 * Checks the header of a NumPy file; returns the offset of its first entry.
 *
 * @throws EngineError `ERR_DATA`, `ERR_IO`
 */
export async function expectShape(
  path: string,
  handle: FileHandle,
  rows: number,
  dim: number,
  dtype: EmbeddingType,
): Promise<number> {
  const bytes = Buffer.alloc(NPY_HEADER_BYTES);
  const length = await withFileErrors(`read ${path}`, () => readFully(handle, bytes, 0));
  const header = parseNpyHeader(bytes.subarray(0, length), path);
  if (header.rows === rows && header.dim === dim && header.dtype === dtype) return header.dataOffset;
  const found = `${header.rows} x ${header.dim} ${header.dtype}`;
  throw new EngineError('ERR_DATA', `${path} holds ${found}, but the manifest says ${rows} x ${dim} ${dtype}`);
}
