/** Rounding of weights to the types that checkpoints are stored in. */

/**
 * A matrix as whole numbers from -127 to 127 with one step per row: entry (i, j) is codes[i * cols + j] * scales[i].
 */
export interface QuantizedMatrix {
  codes: Int8Array;
  /** [rows] */
  scales: Float32Array;
}

const LARGEST_CODE = 127;
/** Adding and subtracting it rounds a double to a whole number, ties to even. */
const ROUNDING = 1.5 * 2 ** 52;

/**
 * Rounds a row-major matrix to int8, symmetrically, with the largest entry of a row at 127: the rule by which the
 * native encoder rounds weights for int8 products (native/cpu/linear_kernels.cc), in the same float32 operations, so
 * that a stored matrix gives it the same whole numbers as the matrix that it was made from. A row without finite step,
 * all zeros or below 1e-36, becomes zeros.
 *
 * @param cols entries of a row; divides the number of entries
 */
export function quantizeRows(values: Float32Array, cols: number): QuantizedMatrix {
  const rows = cols === 0 ? 0 : values.length / cols;
  const codes = new Int8Array(values.length);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const begin = row * cols;
    let largest = 0;
    for (let i = begin; i < begin + cols; i++) largest = Math.max(largest, Math.abs(values[i]!));
    const inverse = Math.fround(LARGEST_CODE / largest);
    if (!Number.isFinite(inverse)) continue;
    scales[row] = largest / LARGEST_CODE;
    for (let i = begin; i < begin + cols; i++) codes[i] = Math.fround(values[i]! * inverse) + ROUNDING - ROUNDING;
  }
  return { codes, scales };
}

/** The float32 matrix that whole numbers stand for. */
export function dequantizeRows({ codes, scales }: QuantizedMatrix): Float32Array {
  const values = new Float32Array(codes.length);
  const cols = scales.length === 0 ? 0 : codes.length / scales.length;
  scales.forEach((scale, row) => {
    for (let i = row * cols; i < (row + 1) * cols; i++) values[i] = codes[i]! * scale;
  });
  return values;
}

/** Rounds float32 values to the nearest bfloat16, ties to even, held as their bits. NaN stays NaN. */
export function toBfloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(bits, (word) =>
    (word & 0x7fffffff) > 0x7f800000 ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16,
  );
}

/** The exact float32 values of bfloat16 bits. */
export function fromBfloat16(halves: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(halves, (bits) => bits << 16).buffer);
}
