/** Vectors as text: base64 of little-endian float32, as in OpenAI's embeddings API. */

/** Encodes vectors. Every supported machine stores float32 little-endian in memory. */
export function vectorsToBase64(vectors: Float32Array): string {
  return Buffer.from(vectors.buffer, vectors.byteOffset, vectors.byteLength).toString('base64');
}

/** Decodes vectors, the inverse of {@link vectorsToBase64}. Ignores bytes after the last complete entry. */
export function base64ToVectors(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  const vectors = new Float32Array(Math.floor(bytes.length / 4));
  new Uint8Array(vectors.buffer).set(bytes.subarray(0, vectors.byteLength));
  return vectors;
}
