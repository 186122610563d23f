import { EngineError } from './errors.js';

interface TypedArrayConstructor<T> {
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): T;
}

function allocate<T>(Kind: TypedArrayConstructor<T>, length: number, what: string): T {
  try {
    return new Kind(length);
  } catch (cause) {
    const gib = ((length * Kind.BYTES_PER_ELEMENT) / 2 ** 30).toFixed(1);
    throw new EngineError(
      'ERR_OUT_OF_MEMORY',
      `Not enough host memory for ${what}: a ${Kind.name} of ${length} entries needs ${gib} GiB`,
      { cause },
    );
  }
}

/**
 * Allocates a Float32Array of zeros whose length depends on the caller's data and can exceed the memory.
 *
 * @param what completes the message "Not enough host memory for ...", for example `the embeddings`
 * @throws EngineError `ERR_OUT_OF_MEMORY` with the length and the number of bytes
 */
export function allocateFloat32(length: number, what: string): Float32Array<ArrayBuffer> {
  return allocate(Float32Array, length, what);
}

/** Allocates a Float64Array, see {@link allocateFloat32}. */
export function allocateFloat64(length: number, what: string): Float64Array<ArrayBuffer> {
  return allocate(Float64Array, length, what);
}

/** Allocates an Int32Array, see {@link allocateFloat32}. */
export function allocateInt32(length: number, what: string): Int32Array<ArrayBuffer> {
  return allocate(Int32Array, length, what);
}

/** Allocates a Uint8Array, see {@link allocateFloat32}. */
export function allocateUint8(length: number, what: string): Uint8Array<ArrayBuffer> {
  return allocate(Uint8Array, length, what);
}

/** Allocates a Uint32Array, see {@link allocateFloat32}. */
export function allocateUint32(length: number, what: string): Uint32Array<ArrayBuffer> {
  return allocate(Uint32Array, length, what);
}
