import type { FileHandle } from 'node:fs/promises';

import { EngineError } from '../../core/errors.js';
import { writeFully } from '../../core/positioned-io.js';
import { replaceFileBy } from '../../core/replace-file.js';

export interface StoredTensor {
  name: string;
  shape: readonly number[];
  /** @default 'F32' */
  dtype?: 'F32' | 'F16' | 'BF16' | 'I8';
  /** Its entries, row-major. Called once, when their turn has come, so that only one tensor need be in memory. */
  read: () => Float32Array | Uint16Array | Int8Array;
}

export interface TensorToWrite extends StoredTensor {
  dtype?: 'F32';
  read: () => Float32Array;
}

const LENGTH_BYTES = 8;
const ENTRY_BYTES = { F32: 4, F16: 2, BF16: 2, I8: 1 } as const;
/** Metadata without which transformers does not open a file. */
const PYTORCH = { format: 'pt' };

/**
 * Writes a safetensors file of tensors, in the order given, and has it on the disk when it resolves. The file
 * appears under its name when it is complete; one that was there is replaced.
 *
 * @param metadata strings for the header. @default `{ format: 'pt' }`
 * @throws EngineError `ERR_IO` naming the file; `ERR_ARG_RANGE` for a name that comes twice or is reserved;
 *   `ERR_SHAPE_MISMATCH` if a tensor does not have the entries of its shape
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly StoredTensor[],
  metadata: Readonly<Record<string, string>> = PYTORCH,
): Promise<void> {
  const header = encodeHeader(tensors, metadata);
  await replaceFileBy(path, (handle) => writeTensors(handle, header, tensors));
}

/** Length and JSON, padded with spaces so that the tensors begin at a multiple of eight bytes. */
function encodeHeader(tensors: readonly StoredTensor[], metadata: Readonly<Record<string, string>>): Buffer {
  const entries: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const { name, shape, dtype = 'F32' } of tensors) {
    if (Object.hasOwn(entries, name))
      throw new EngineError(
        'ERR_ARG_RANGE',
        `Expected names that come once for "tensors", got ${JSON.stringify(name)} again`,
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
        `Expected ${countEntries(shape)} entries for the tensor "${name}" of shape [${shape.join(', ')}], got ${values.length}`,
      );
    }
    await writeFully(handle, new Uint8Array(values.buffer, values.byteOffset, values.byteLength), position);
    position += values.byteLength;
  }
}

function countEntries(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
