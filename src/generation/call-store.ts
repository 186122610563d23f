/**
 * Stores results of calls by key, in a folder of append-only files `calls-00001.jsonl`, ... A line is written and
 * synced before its result counts, so a killed run loses at most the calls in flight. A line:
 *
 *     {"key":"<32 hex>","crc":"<8 hex>","meta":{...},"result":{...}}
 *
 * The checksum covers the key and everything after the checksum. The table in memory has 24 bytes per slot and is at
 * most 3/4 full: 32 to 64 MB for a million calls. Torn and damaged lines are skipped, and their calls are made again.
 */

import { type FileHandle, open, readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

import { throwIfAborted } from '../core/abort.js';
import { EngineError } from '../core/errors.js';
import { withFileErrors } from '../core/file-errors.js';
import { makeFolder } from '../core/make-folder.js';
import { readExactly, syncFolder, writeFully } from '../core/positioned-io.js';
import type { CallResult } from './call.js';
import { KeyTable } from './key-table.js';

/** The data of a call that reports and budgets need. Reading it does not need the result. */
export interface CallMeta {
  stage: string;
  model: string;
  promptTokens: number;
  completionTokens: number;
  usd: number;
}

const SEGMENT_BYTES = 2 ** 28;
const READ_BYTES = 2 ** 20;
const NEWLINE = 10;
/** `{"key":"` and the key; `","crc":"` and the checksum; `",`. */
const KEY_AT = 8;
const KEY_DIGITS = 32;
const CRC_AT = KEY_AT + KEY_DIGITS + 9;
const CRC_DIGITS = 8;
const BODY_AT = CRC_AT + CRC_DIGITS + 2;
/** No call makes a longer line. */
const MAX_LINE_BYTES = 2 ** 26;

interface Waiting {
  key: string;
  line: Buffer;
  meta: CallMeta;
  resolve: () => void;
  reject: (error: unknown) => void;
}

export class CallStore {
  readonly #table = new KeyTable();
  readonly #segments: FileHandle[] = [];
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #isWriting = false;
  #end = 0;
  #failure: unknown;

  private constructor(
    private readonly dir: string,
    private readonly segmentBytes: number,
  ) {}

  /** Number of lines that could not be read when the store was opened. */
  damaged = 0;

  /**
   * Opens a store and reads its keys. Creates the folder if it does not exist.
   *
   * @param onEntry is called for every stored result
   * @throws EngineError `ERR_IO`, `ERR_DATA`, `ERR_ABORTED`
   */
  static async open(
    dir: string,
    onEntry: (meta: CallMeta) => void,
    { signal, segmentBytes = SEGMENT_BYTES }: { signal?: AbortSignal | undefined; segmentBytes?: number } = {},
  ): Promise<CallStore> {
    const store = new CallStore(dir, segmentBytes);
    try {
      await makeFolder(dir);
      await withFileErrors(`use ${dir}`, async () => {
        const names = (await readdir(dir)).filter((name) => /^calls-\d{5}\.jsonl$/.test(name)).sort();
        for (const [i, name] of names.entries()) {
          if (name !== segmentName(i)) throw new EngineError('ERR_DATA', `${dir} has no ${segmentName(i)}`);
          await store.#readSegment(i, onEntry, signal);
        }
      });
    } catch (error) {
      await store.close();
      throw error;
    }
    return store;
  }

  /** Number of results. */
  get size(): number {
    return this.#table.size;
  }

  has(key: string): boolean {
    return this.#table.get(key) !== undefined;
  }

  /**
   * Returns the result with this key, or undefined.
   *
   * @throws EngineError `ERR_DATA` if the file was changed after it was opened, `ERR_IO`
   */
  async get(key: string): Promise<CallResult | undefined> {
    const at = this.#table.get(key);
    if (!at) return undefined;
    const line = await withFileErrors(`read ${this.dir}`, () =>
      readExactly(this.#segments[at.segment]!, at.offset, at.length),
    );
    const entry = line && parseLine(line);
    if (entry?.key !== key)
      throw new EngineError('ERR_DATA', `${join(this.dir, segmentName(at.segment))} was changed while it was in use`);
    return (JSON.parse(entry.body) as { result: CallResult }).result;
  }

  /**
   * Stores a result and resolves when it is on disk. Results that arrive together share one sync.
   *
   * @throws EngineError `ERR_IO`; after that, the store accepts no more results
   */
  put(key: string, meta: CallMeta, result: CallResult): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, line: formatLine(key, meta, result), meta, resolve, reject });
      if (this.#isWriting) return;
      this.#isWriting = true;
      this.#writing = this.#write();
    });
  }

  /** Waits for pending writes and closes the files. */
  async close(): Promise<void> {
    await this.#writing;
    await Promise.all(this.#segments.splice(0).map((handle) => handle.close().catch(() => undefined)));
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        if (this.#failure !== undefined) throw this.#failure as Error;
        await withFileErrors(
          `write ${this.dir}`,
          () => this.#append(batch),
          'Results that were stored before are kept',
        );
        for (const { resolve } of batch) resolve();
      } catch (error) {
        // Lines after a torn line in the same file would be lost too.
        this.#failure = error;
        for (const { reject } of batch) reject(error);
      }
    }
    // Set in the same turn as the check of the queue, so that a later `put` starts a new write.
    this.#isWriting = false;
  }

  async #append(batch: readonly Waiting[]): Promise<void> {
    if (this.#segments.length === 0 || this.#end >= this.segmentBytes) await this.#startSegment();
    const segment = this.#segments.length - 1;
    const handle = this.#segments[segment]!;
    await writeFully(handle, Buffer.concat(batch.map(({ line }) => line)), this.#end);
    await handle.datasync();
    for (const { key, line } of batch) {
      this.#table.set(key, { segment, offset: this.#end, length: line.length - 1 });
      this.#end += line.length;
    }
  }

  async #startSegment(): Promise<void> {
    this.#segments.push(await open(join(this.dir, segmentName(this.#segments.length)), 'wx+'));
    this.#end = 0;
    await syncFolder(this.dir);
  }

  async #readSegment(
    segment: number,
    onEntry: (meta: CallMeta) => void,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const path = join(this.dir, segmentName(segment));
    const handle = await open(path, 'r+');
    this.#segments.push(handle);
    let wholeLines = 0;
    for await (const { line, offset } of linesOf(handle, signal)) {
      wholeLines = offset + line.length + 1;
      const entry = parseLine(line);
      if (!entry) {
        this.damaged++;
        continue;
      }
      if (this.#table.get(entry.key)) continue;
      this.#table.set(entry.key, { segment, offset, length: line.length });
      onEntry(metaOf(entry.body));
    }
    const { size } = await stat(path);
    if (size > wholeLines) {
      // Cuts off the line that was being written when the process ended.
      await truncate(path, wholeLines);
      this.damaged++;
    }
    this.#end = wholeLines;
  }
}

function segmentName(index: number): string {
  return `calls-${String(index + 1).padStart(5, '0')}.jsonl`;
}

function formatLine(key: string, meta: CallMeta, result: CallResult): Buffer {
  // The metadata come first, so that they can be read without parsing the result.
  const body = `"meta":${JSON.stringify(meta)},"result":${JSON.stringify(result)}}`;
  return Buffer.from(`{"key":"${key}","crc":"${checksum(key, Buffer.from(body))}",${body}\n`);
}

function checksum(key: string, body: Uint8Array): string {
  return crc32(body, crc32(key)).toString(16).padStart(CRC_DIGITS, '0');
}

/** Returns the key and the JSON after the checksum, or undefined for a damaged line. */
function parseLine(line: Buffer): { key: string; body: string } | undefined {
  if (line.length <= BODY_AT) return undefined;
  const key = line.toString('latin1', KEY_AT, KEY_AT + KEY_DIGITS);
  if (!/^[0-9a-f]{32}$/.test(key)) return undefined;
  const body = line.subarray(BODY_AT);
  if (line.toString('latin1', CRC_AT, CRC_AT + CRC_DIGITS) !== checksum(key, body)) return undefined;
  return { key, body: `{${body.toString()}` };
}

function metaOf(body: string): CallMeta {
  return (JSON.parse(`${body.slice(0, body.indexOf(',"result":'))}}`) as { meta: CallMeta }).meta;
}

/** Yields complete lines with their offsets. A last line without a line end is left out. */
async function* linesOf(
  handle: FileHandle,
  signal: AbortSignal | undefined,
): AsyncGenerator<{ line: Buffer; offset: number }> {
  let rest = Buffer.alloc(0);
  let offset = 0;
  for (let position = 0; ; ) {
    throwIfAborted(signal);
    const chunk = Buffer.allocUnsafe(READ_BYTES);
    const { bytesRead } = await handle.read(chunk, 0, READ_BYTES, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    const bytes =
      rest.length === 0 ? chunk.subarray(0, bytesRead) : Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    let begin = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, begin)) {
      yield { line: bytes.subarray(begin, end), offset: offset + begin };
      begin = end + 1;
    }
    rest = bytes.subarray(begin);
    offset += begin;
    if (rest.length > MAX_LINE_BYTES)
      throw new EngineError('ERR_DATA', `A file of calls has a line of more than ${MAX_LINE_BYTES} bytes`);
  }
}
