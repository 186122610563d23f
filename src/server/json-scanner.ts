import { EngineError } from '../core/errors.js';

/** What a JSON document may contain. */
export interface JsonBounds {
  /** Levels of nested arrays and objects. */
  depth: number;
  /** Entries of arrays and objects in total. */
  values: number;
  /** Strings in total, keys of objects included. They take longer to parse than numbers. */
  strings: number;
  /** Bytes of one string, as written. */
  stringBytes: number;
  /** Bytes that are not in strings: numbers and white space. */
  otherBytes: number;
}

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Bytes of a string after which the end of the string is searched. */
const LONG_RUN = 32;

/**
 * Counts what a JSON document contains while its bytes arrive. A short document can have millions of values; parsing it
 * would stop the server for seconds and take a hundred times its size in memory. The scanner checks no grammar.
 */
export class JsonScanner {
  #depth = 0;
  #values = 1;
  #strings = 0;
  #stringBytes = 0;
  #otherBytes = 0;
  #inString = false;
  #escaped = false;

  constructor(private readonly bounds: JsonBounds) {}

  /** @throws EngineError `ERR_ARG_RANGE` as soon as the document exceeds a bound */
  push(bytes: Uint8Array): void {
    const { bounds } = this;
    // Locals, because access to private fields in this loop would make it ten times slower.
    let [depth, values, strings] = [this.#depth, this.#values, this.#strings];
    let [stringBytes, otherBytes] = [this.#stringBytes, this.#otherBytes];
    let [deepest, longest] = [depth, stringBytes];
    let [inString, escaped] = [this.#inString, this.#escaped];
    let plain = 0;
    let nextBackslash = -1;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i];
      if (inString) {
        stringBytes++;
        plain++;
        if (escaped) escaped = false;
        else if (byte === QUOTE) inString = false;
        else if (byte === BACKSLASH) {
          escaped = true;
          plain = 0;
        } else if (plain > LONG_RUN) {
          // Searching is ten times faster than this loop, but has a cost for each call.
          if (nextBackslash <= i) nextBackslash = positionOf(bytes, BACKSLASH, i);
          const last = Math.min(positionOf(bytes, QUOTE, i), nextBackslash) - 1;
          stringBytes += last - i;
          i = last;
          plain = 0;
        }
        continue;
      }
      otherBytes++;
      if (byte === QUOTE) {
        if (stringBytes > longest) longest = stringBytes;
        inString = true;
        strings++;
        stringBytes = 0;
        plain = 0;
      } else if (byte === COMMA) values++;
      else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
        values++;
        if (++depth > deepest) deepest = depth;
      } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) depth--;
    }
    expectAtMost(bounds.depth, deepest, 'levels of nested arrays and objects');
    expectAtMost(bounds.stringBytes, Math.max(longest, stringBytes), 'bytes in a string');
    expectAtMost(bounds.strings, strings, 'keys and strings');
    const remedy = '; send vectors as base64 or as application/octet-stream';
    expectAtMost(bounds.values, values, 'values', remedy);
    expectAtMost(bounds.otherBytes, otherBytes, 'bytes of numbers and white space', remedy);
    [this.#depth, this.#values, this.#strings] = [depth, values, strings];
    [this.#stringBytes, this.#otherBytes] = [stringBytes, otherBytes];
    [this.#inString, this.#escaped] = [inString, escaped];
  }
}

function positionOf(bytes: Uint8Array, byte: number, begin: number): number {
  const at = bytes.indexOf(byte, begin);
  return at < 0 ? bytes.length : at;
}

function expectAtMost(most: number, actual: number, what: string, remedy = ''): void {
  if (actual > most) throw new EngineError('ERR_ARG_RANGE', `Expected at most ${most} ${what} in the body${remedy}`);
}
