import { hash } from 'node:crypto';

/**
 * Fills `words` with the first bits of the SHA-256 of a text, at most 256. A lone surrogate counts as U+FFFD, as which
 * it would be written.
 */
export function hashText(text: string, words: Uint32Array): void {
  // A string of bytes costs less than a Buffer, and much less than a Hash object.
  const digest = hash('sha256', text, 'binary');
  for (let word = 0; word < words.length; word++) {
    const at = word * 4;
    words[word] =
      digest.charCodeAt(at) |
      (digest.charCodeAt(at + 1) << 8) |
      (digest.charCodeAt(at + 2) << 16) |
      (digest.charCodeAt(at + 3) << 24);
  }
}
