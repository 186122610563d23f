/**
 * Splits a stream of bytes into lines. A line is reported as a range of its chunk, without copying; only lines that
 * span several chunks are joined. Holds at most one line in memory.
 */
const LF = 10;

/** Size limit of a line, 64 MiB. A file with longer lines most likely does not have the expected format. */
export const MAX_LINE_BYTES = 64 * 2 ** 20;

/** Number of bytes kept of a line over the limit, for error messages. */
const KEPT_OF_LONG_LINE = 1000;

export interface Line {
  /** The line is `bytes[start, end)`, without its line feed. Only valid during the call. */
  bytes: Buffer;
  start: number;
  end: number;
  /** Position in the stream of the first byte after the line and its line feed. */
  next: number;
  /** Line number, counted from 1. */
  number: number;
  /** True if the line is longer than the limit and only its beginning was kept. */
  tooLong: boolean;
}

export class LineSplitter {
  #carry: Buffer[] = [];
  #carryBytes = 0;
  /** Number of bytes of the stream before the current chunk. */
  #position = 0;
  #number = 0;

  /** @param maxLineBytes size limit of a line; longer ones are cut. @default 64 MiB */
  constructor(private readonly maxLineBytes = MAX_LINE_BYTES) {}

  /**
   * Takes the next bytes of the file and reports each line that ends in them. The caller must not change the bytes
   * afterwards.
   */
  push(chunk: Buffer, onLine: (line: Line) => void): void {
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      if (this.#carryBytes > 0) {
        this.#keep(chunk.subarray(start, end));
        this.#reportCarry(this.#position + end + 1, onLine);
      } else {
        const next = this.#position + end + 1;
        const tooLong = end - start > this.maxLineBytes;
        this.#report({ bytes: chunk, start, end, next, number: ++this.#number, tooLong }, onLine);
      }
      start = end + 1;
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
    this.#position += chunk.length;
  }

  /** Reports the last line if the file does not end with a line feed. */
  end(onLine: (line: Line) => void): void {
    if (this.#carryBytes > 0) this.#reportCarry(this.#position, onLine);
  }

  #keep(part: Buffer): void {
    this.#carryBytes += part.length;
    // Of a line that is too long, only the beginning is kept.
    if (this.#carryBytes <= this.maxLineBytes) this.#carry.push(part);
    else if (this.#carry.length > 0) this.#carry = [Buffer.concat(this.#carry).subarray(0, KEPT_OF_LONG_LINE)];
    else this.#carry = [part.subarray(0, KEPT_OF_LONG_LINE)];
  }

  #reportCarry(next: number, onLine: (line: Line) => void): void {
    const bytes = this.#carry.length === 1 ? this.#carry[0]! : Buffer.concat(this.#carry);
    const tooLong = this.#carryBytes > this.maxLineBytes;
    this.#carry = [];
    this.#carryBytes = 0;
    this.#report({ bytes, start: 0, end: bytes.length, next, number: ++this.#number, tooLong }, onLine);
  }

  #report(line: Line, onLine: (line: Line) => void): void {
    if (line.tooLong) line.end = Math.min(line.end, line.start + KEPT_OF_LONG_LINE);
    onLine(line);
  }
}
