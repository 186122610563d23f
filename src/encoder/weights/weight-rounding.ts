/** Rounding of weights to the types that checkpoints are stored in. */

/**
 * A matrix as integers from -127 to 127 with one scale per row: entry (i, j) is codes[i * cols + j] * scales[i].
 */
export interface QuantizedMatrix {
  codes: Int8Array;
  /** [rows] */
  scales: Float32Array;
}

const LARGEST_CODE = 127;
/** Adding and subtracting it rounds a double to an integer, ties to even. */
const ROUNDING = 1.5 * 2 ** 52;

/**
 * Rounds a row-major matrix symmetrically to int8; the largest entry of each row becomes 127. Uses the same float32
 * operations as the native encoder when it rounds weights for int8 products (native/cpu/linear_kernels.cc), so that a
 * stored matrix gives the same integers as the original. A row that is all zeros or below 1e-36 becomes zeros.
 *
 * @param cols entries per row; must divide the number of entries
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

/** Converts a quantized matrix back to float32. */
export function dequantizeRows({ codes, scales }: QuantizedMatrix): Float32Array {
  const values = new Float32Array(codes.length);
  const cols = scales.length === 0 ? 0 : codes.length / scales.length;
  scales.forEach((scale, row) => {
    for (let i = row * cols; i < (row + 1) * cols; i++) values[i] = codes[i]! * scale;
  });
  return values;
}

/** Rounds float32 values to the nearest bfloat16, ties to even, and returns their bits. NaN stays NaN. */
export function toBfloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(bits, (word) =>
    (word & 0x7fffffff) > 0x7f800000 ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16,
  );
}

/** Converts bfloat16 bits to float32, which is exact. */
export function fromBfloat16(halves: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(halves, (bits) => bits << 16).buffer);
}
