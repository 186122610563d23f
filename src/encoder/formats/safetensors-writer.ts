import type { FileHandle } from 'node:fs/promises';

import { EngineError } from '../../core/errors.js';
import { writeFully } from '../../core/positioned-io.js';
import { replaceFileBy } from '../../core/replace-file.js';

export interface StoredTensor {
  name: string;
  shape: readonly number[];
  /** @default 'F32' */
  dtype?: 'F32' | 'F16' | 'BF16' | 'U32' | 'I8';
  /**
   * Returns the entries, row-major. Called once, just before they are written, so that only one tensor is in memory.
   */
  read: () => Float32Array | Uint16Array | Uint32Array | Int8Array;
}

export interface TensorToWrite extends StoredTensor {
  dtype?: 'F32';
  read: () => Float32Array;
}

const LENGTH_BYTES = 8;
const ENTRY_BYTES = { F32: 4, F16: 2, BF16: 2, U32: 4, I8: 1 } as const;
/** Metadata that transformers requires. */
const PYTORCH = { format: 'pt' };

/**
 * Writes tensors to a safetensors file, in the order given. The file appears under its name once it is complete and on
 * disk, and replaces an older one.
 *
 * @param metadata strings for the header. @default `{ format: 'pt' }`
 * @throws EngineError `ERR_IO` naming the file; `ERR_ARG_RANGE` for a duplicate or reserved name; `ERR_SHAPE_MISMATCH`
 *   if the number of entries of a tensor does not match its shape
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly StoredTensor[],
  metadata: Readonly<Record<string, string>> = PYTORCH,
): Promise<void> {
  const header = encodeHeader(tensors, metadata);
  await replaceFileBy(path, (handle) => writeTensors(handle, header, tensors));
}

/**
 * Encodes the header: its length and JSON, padded with spaces so that the tensors begin at a multiple of eight bytes.
 */
function encodeHeader(tensors: readonly StoredTensor[], metadata: Readonly<Record<string, string>>): Buffer {
  const entries: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const { name, shape, dtype = 'F32' } of tensors) {
    if (Object.hasOwn(entries, name))
      throw new EngineError(
        'ERR_ARG_RANGE',
        `Expected distinct names for "tensors", got ${JSON.stringify(name)} more than once`,
      );
    const begin = end;
    end += ENTRY_BYTES[dtype] * countEntries(shape);
    entries[name] = { dtype, shape, data_offsets: [begin, end] };
  }
  const json = Buffer.from(JSON.stringify(entries));
  const header = Buffer.alloc(LENGTH_BYTES + Math.ceil(json.length / 8) * 8, ' ');
  header.writeBigUInt64LE(BigInt(header.length - LENGTH_BYTES));
  json.copy(header, LENGTH_BYTES);
  return header;
}

async function writeTensors(handle: FileHandle, header: Buffer, tensors: readonly StoredTensor[]): Promise<void> {
  await writeFully(handle, header, 0);
  let position = header.length;
  for (const { name, shape, read } of tensors) {
    const values = read();
    if (values.length !== countEntries(shape)) {
      throw new EngineError(
        'ERR_SHAPE_MISMATCH',
        `Expected ${countEntries(shape)} entries for the tensor "${name}" of shape [${shape.join(', ')}], ` +
          `got ${values.length}`,
      );
    }
    await writeFully(handle, new Uint8Array(values.buffer, values.byteOffset, values.byteLength), position);
    position += values.byteLength;
  }
}

function countEntries(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
