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
  const x = new Float32Array(length);
  // Loops: Float32Array.from() with a function takes three times as long under Callgrind.
  for (let i = 0; i < length; i++) x[i] = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return x;
}

/** Draws rows of unit length. */
export function randomUnitRows(rows: number, dim: number, seed: number): Float32Array {
  const x = randomNormal(rows * dim, seed);
  for (let begin = 0; begin < x.length; begin += dim) {
    let squares = 0;
    for (let i = begin; i < begin + dim; i++) squares += x[i]! * x[i]!;
    const norm = Math.sqrt(squares);
    for (let i = begin; i < begin + dim; i++) x[i]! /= norm;
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
