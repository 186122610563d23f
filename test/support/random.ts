/** Seeded random numbers: mulberry32, good enough for test data and the same on every machine. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Draws standard normal entries (Box-Muller). */
export function randomNormal(length: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length }, () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
}

/** Draws rows of unit length. */
export function randomUnitRows(rows: number, dim: number, seed: number): Float32Array {
  const x = randomNormal(rows * dim, seed);
  for (let i = 0; i < rows; i++) {
    const row = x.subarray(i * dim, (i + 1) * dim);
    const norm = Math.hypot(...row);
    row.forEach((value, j) => (row[j] = value / norm));
  }
  return x;
}

/**
 * Draws rows around shared centres, like embeddings of texts, with normal noise of a third of the spread of the
 * centres.
 */
export function randomClusters(rows: number, dim: number, clusters: number, seed: number): Float32Array {
  const centres = randomNormal(clusters * dim, seed);
  const noise = randomNormal(rows * dim, seed + 1);
  const random = seededRandom(seed + 2);
  const x = new Float32Array(rows * dim);
  for (let i = 0; i < rows; i++) {
    const cluster = Math.floor(random() * clusters);
    for (let j = 0; j < dim; j++) x[i * dim + j] = centres[cluster * dim + j]! + noise[i * dim + j]! / 3;
  }
  return x;
}
