/**
 * Finds the files that an ONNX graph keeps its weights in, by walking the protobuf structure of the graph. Only field
 * headers and the few wanted strings are read, so a model of gigabytes costs a few milliseconds.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

import { EngineError } from '../../core/errors.js';

/** Field numbers of onnx.proto that lead to `external_data` entries, per message type. */
const ROUTES: Record<string, Record<number, string>> = {
  Model: { 7: 'Graph' },
  Graph: { 1: 'Node', 5: 'Tensor' },
  Node: { 5: 'Attribute' },
  Attribute: { 5: 'Tensor', 6: 'Graph', 10: 'Tensor', 11: 'Graph' },
  Tensor: { 13: 'Entry' },
};
const GRAPH_OF_MODEL = 7;
const WINDOW_BYTES = 1 << 16;
/** Graphs nest in loops and conditions; a damaged file may seem to nest without end. */
const MAX_DEPTH = 100;

/**
 * Locations of the external data of an ONNX file, relative to its folder, each once, in the order of their first use.
 *
 * @throws EngineError `ERR_DATA` if the file is not a complete ONNX file
 */
export function externalDataLocations(file: string): string[] {
  const fd = open(file);
  try {
    const walker = new Walker(file, fd);
    walker.walk('Model', 0, walker.size, 0);
    if (!walker.hasGraph) throw walker.damaged(0);
    return [...walker.locations];
  } finally {
    closeSync(fd);
  }
}

function open(file: string): number {
  try {
    return openSync(file, 'r');
  } catch (cause) {
    throw new EngineError('ERR_IO', `${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

class Walker {
  readonly locations = new Set<string>();
  readonly size: number;
  hasGraph = false;
  readonly #window = Buffer.alloc(WINDOW_BYTES);
  #windowBegin = 0;
  #windowEnd = 0;

  constructor(
    readonly file: string,
    readonly fd: number,
  ) {
    this.size = fstatSync(fd).size;
  }

  damaged(at: number): EngineError {
    return new EngineError(
      'ERR_DATA',
      `${this.file} is not a complete ONNX file: damaged at byte ${at} of ${this.size}`,
    );
  }

  walk(type: string, begin: number, end: number, depth: number): void {
    if (depth > MAX_DEPTH) throw this.damaged(begin);
    if (type === 'Entry') this.#readEntry(begin, end);
    else this.#follow(type, begin, end, depth);
  }

  #follow(type: string, begin: number, end: number, depth: number): void {
    for (const field of this.#fields(begin, end)) {
      if (type === 'Model' && field.number === GRAPH_OF_MODEL) this.hasGraph = true;
      const next = ROUTES[type]?.[field.number];
      if (next !== undefined) this.walk(next, field.begin, field.end, depth + 1);
    }
  }

  /** A key and a value; of interest are those with the key `location`. */
  #readEntry(begin: number, end: number): void {
    const [key, value] = [...this.#fields(begin, end)].map((field) => this.#text(field.begin, field.end));
    if (key === 'location' && value !== undefined) this.locations.add(value);
  }

  *#fields(begin: number, end: number): Generator<{ number: number; begin: number; end: number }> {
    let at = begin;
    while (at < end) {
      const header = this.#varint(at, end);
      const wireType = header.value % 8;
      let content = header.next;
      let length: number;
      if (wireType === 0) length = this.#varint(content, end).next - content;
      else if (wireType === 1) length = 8;
      else if (wireType === 5) length = 4;
      else if (wireType === 2) ({ value: length, next: content } = this.#varint(content, end));
      else throw this.damaged(at);
      if (content + length > end) throw this.damaged(at);
      yield { number: Math.floor(header.value / 8), begin: content, end: content + length };
      at = content + length;
    }
  }

  #varint(at: number, end: number): { value: number; next: number } {
    let value = 0;
    // Ten bytes at most; a negative number exceeds what a double holds, but only small ones are used.
    for (let i = 0; i < 10 && at + i < end; i++) {
      const byte = this.#byte(at + i);
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return { value, next: at + i + 1 };
    }
    throw this.damaged(at);
  }

  #text(begin: number, end: number): string {
    if (end - begin > 4096) throw this.damaged(begin);
    return Buffer.from(Array.from({ length: end - begin }, (_, i) => this.#byte(begin + i))).toString('utf8');
  }

  #byte(at: number): number {
    if (at < this.#windowBegin || at >= this.#windowEnd) {
      this.#windowBegin = at;
      this.#windowEnd = at + readSync(this.fd, this.#window, 0, WINDOW_BYTES, at);
      if (this.#windowEnd <= at) throw this.damaged(at);
    }
    return this.#window[at - this.#windowBegin]!;
  }
}
