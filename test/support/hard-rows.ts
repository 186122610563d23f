/** Rows that break the graphs of other libraries: they lose up to 40 % of them. */
import { randomNormal, randomUnitRows, seededRandom } from './random.js';

/** Rows around 40 centres that share a mean, as embeddings of texts do. */
export function textLike(rows: number, dim: number, seed: number): Float32Array {
  const centres = randomUnitRows(41, dim, 3);
  const noise = randomNormal(rows * dim, seed);
  const random = seededRandom(seed + 1);
  const x = new Float32Array(rows * dim);
  for (let i = 0; i < rows; i++) {
    const centre = 1 + Math.floor(random() * 40);
    for (let j = 0; j < dim; j++)
      x[i * dim + j] = centres[j]! + 0.8 * centres[centre * dim + j]! + 0.06 * noise[i * dim + j]!;
  }
  return x;
}

/** Copies of one row, scaled, with noise. */
function copies(row: Float32Array, rows: number, scale = 1, noise = 0): Float32Array {
  return randomNormal(rows * row.length, 5).map((value, i) => scale * row[i % row.length]! + noise * value);
}

function join(...parts: Float32Array[]): Float32Array {
  return Float32Array.from(parts.flatMap((part) => [...part]));
}

/** Returns twice `half` rows of each kind. */
export function hardRows(half: number, dim: number): Record<string, () => Float32Array> {
  const mean = randomUnitRows(1, dim, 3);
  const texts = (): Float32Array => textLike(half, dim, 1);
  return {
    'half of them near the mean of the others': () => join(texts(), copies(mean, half, 0.7, 0.001)),
    'half of them equal': () => join(texts(), copies(textLike(1, dim, 4), half)),
    'half of them far away, in random directions': () => join(texts(), randomNormal(half * dim, 6)),
    '30 clusters that are 0.0001 wide in every dimension': () => {
      const centres = randomUnitRows(30, dim, 8);
      return randomNormal(2 * half * dim, 7).map((noise, i) => {
        const cluster = Math.floor((30 * Math.floor(i / dim)) / (2 * half));
        return centres[cluster * dim + (i % dim)]! + 1e-4 * noise;
      });
    },
    'lengths over six decades': () => {
      const random = seededRandom(9);
      const lengths = Array.from({ length: 2 * half }, () => 10 ** (6 * random() - 3));
      return randomUnitRows(2 * half, dim, 10).map((value, i) => value * lengths[Math.floor(i / dim)]!);
    },
  };
}
