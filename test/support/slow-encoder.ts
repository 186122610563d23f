import type { EmbeddableText } from '../../src/core/question-answer.js';
import { wholeText } from '../../src/core/question-answer.js';
import type { EncodeResult, Encoder } from '../../src/encoder/encoder.js';

export const SLOW_DIM = 4;

/** The vector that {@link SlowEncoder} gives a text: its length, and the codes of its first characters. */
export const vectorOf = (text: string): number[] => [text.length, ...[0, 1, 2].map((i) => text.charCodeAt(i) || 0)];

/** An encoder that computes when it is told to, or after a fixed time. A text "bad" fails. */
export class SlowEncoder implements Encoder {
  readonly name = 'slow';
  readonly dim = SLOW_DIM;
  readonly maxTokens = 128;
  readonly backend = 'native';
  readonly precision = 'f32';
  readonly fingerprint = 'slow';
  readonly idleSeconds = 0;
  readonly calls: string[][] = [];
  disposed = false;
  #release: (() => void)[] = [];
  #free = false;

  /** @param delayMs undefined: each call waits for {@link release} */
  constructor(private readonly delayMs?: number) {}

  /** Lets the oldest call end. */
  release(): void {
    this.#release.shift()?.();
  }

  /** Lets all calls end, also those to come. */
  free(): void {
    this.#free = true;
    for (const release of this.#release.splice(0)) release();
  }

  async encode(texts: readonly EmbeddableText[]): Promise<EncodeResult> {
    const strings = texts.map(wholeText);
    this.calls.push(strings);
    await new Promise<void>((resolve) => {
      if (this.#free) resolve();
      else if (this.delayMs === undefined) this.#release.push(resolve);
      else setTimeout(resolve, this.delayMs);
    });
    if (strings.includes('bad')) throw new Error('a bad text');
    const textTokens = Int32Array.from(strings, ({ length }) => length);
    const tokens = textTokens.reduce((sum, count) => sum + count, 0);
    return {
      embeddings: Float32Array.from(strings.flatMap(vectorOf)),
      rows: texts.length,
      dim: SLOW_DIM,
      tokens,
      textTokens,
    };
  }

  dispose(): Promise<void> {
    this.disposed = true;
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}
