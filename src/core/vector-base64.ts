/** Vectors as text: base64 of little-endian float32, as OpenAI's embeddings API writes them. */

/** Entries as little-endian float32, as every machine that the engine supports holds them in memory. */
export function vectorsToBase64(vectors: Float32Array): string {
  return Buffer.from(vectors.buffer, vectors.byteOffset, vectors.byteLength).toString('base64');
}

/** The inverse of {@link vectorsToBase64}; bytes behind the last whole entry are left out. */
export function base64ToVectors(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  const vectors = new Float32Array(Math.floor(bytes.length / 4));
  new Uint8Array(vectors.buffer).set(bytes.subarray(0, vectors.byteLength));
  return vectors;
}
