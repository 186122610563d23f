/** Reference implementations of the encoder's kernels in double precision. */

/** Error function: Taylor series near zero, otherwise the continued fraction of its complement. */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a < 3) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction));
}

const normalCdf = (x: number): number => 0.5 * (1 + erf(x / Math.SQRT2));
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

export const gelu = (x: number): number => x * normalCdf(x);
export const geluSlope = (x: number): number => normalCdf(x) + (x * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
export const silu = (x: number): number => x * sigmoid(x);
export const siluSlope = (x: number): number => sigmoid(x) * (1 + x * (1 - sigmoid(x)));

/** Rounds float32 to the nearest bfloat16, ties to even, and returns its bits. */
export function bf16Bits(x: Float32Array): Uint16Array {
  const bits = new Uint32Array(x.buffer, x.byteOffset, x.length);
  return Uint16Array.from(bits, (b) => (b + 0x7fff + ((b >>> 16) & 1)) >>> 16);
}

/** Converts bfloat16 bits to floats. */
export function widenBf16(bits: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(bits, (b) => b << 16).buffer);
}

/**
 * Computes the output, the log-sum-exps and, from the gradient of the output, the gradient of packed queries, keys and
 * values.
 */
export function attention(offsets: Int32Array, heads: number, dim: number, qkv: Float32Array, dO: Float32Array) {
  const tokens = offsets[offsets.length - 1]!;
  const model = heads * dim;
  const result = {
    o: new Float64Array(tokens * model),
    lse: new Float64Array(tokens * heads),
    dqkv: new Float64Array(tokens * 3 * model),
  };
  const at = (token: number, part: number, head: number): number => token * 3 * model + part * model + head * dim;
  const dot = (x: ArrayLike<number>, i: number, y: ArrayLike<number>, j: number): number => {
    let sum = 0;
    for (let c = 0; c < dim; c++) sum += x[i + c]! * y[j + c]!;
    return sum;
  };
  const add = (factor: number, x: ArrayLike<number>, i: number, y: Float64Array, j: number): void => {
    for (let c = 0; c < dim; c++) y[j + c]! += factor * x[i + c]!;
  };
  for (let s = 0; s + 1 < offsets.length; s++) {
    const [begin, end] = [offsets[s]!, offsets[s + 1]!];
    for (let head = 0; head < heads; head++) {
      for (let i = begin; i < end; i++) {
        const z = new Float64Array(end - begin);
        for (let j = begin; j < end; j++) z[j - begin] = dot(qkv, at(i, 0, head), qkv, at(j, 1, head)) / Math.sqrt(dim);
        const max = z.reduce((a, b) => Math.max(a, b), -Infinity);
        const lse = max + Math.log(z.reduce((sum, value) => sum + Math.exp(value - max), 0));
        const row = i * model + head * dim;
        result.lse[i * heads + head] = lse;
        for (let j = begin; j < end; j++) add(Math.exp(z[j - begin]! - lse), qkv, at(j, 2, head), result.o, row);
        const correction = dot(dO, row, result.o, row);
        for (let j = begin; j < end; j++) {
          const p = Math.exp(z[j - begin]! - lse);
          const dz = (p * (dot(dO, row, qkv, at(j, 2, head)) - correction)) / Math.sqrt(dim);
          add(p, dO, row, result.dqkv, at(j, 2, head));
          add(dz, qkv, at(j, 1, head), result.dqkv, at(i, 0, head));
          add(dz, qkv, at(i, 0, head), result.dqkv, at(j, 1, head));
        }
      }
    }
  }
  return result;
}
