import { allocateFloat32, allocateInt32 } from '../core/allocate.js';
import {
  expectBoolean,
  expectFloat32Array,
  expectInt32,
  expectInteger,
  expectObject,
  expectOffsets,
  expectOptions,
  expectStrings,
  expectUint32Array,
  fail,
  rejectUnreadable,
} from '../core/validate.js';
import type { NgramTableHandle } from './addon-types.js';
import { type CallOptions, callNative, expectCallOptions, plainList, resolveCallOptions } from './call.js';
import { addon } from './loader.js';
import type { NgramSettings } from './ngram-settings.js';
import type { NgramTableData } from './ngram-types.js';
import type { PackedTokens } from './packed-tokens.js';

export interface EncodedTexts {
  /** [texts, dim], rows of unit length. */
  embeddings: Float32Array;
  /** [texts], numbers of tokens or characters that were read. */
  tokens: Int32Array;
}

export interface TextScores {
  /** [texts, dim]. */
  scores: Float32Array;
  /** [texts], share of the squared weights of a text's n-grams that belongs to those with a row; 0 without any. */
  known: Float32Array;
}

export interface EncodeRowsOptions extends CallOptions {
  /** Scales the means to unit length. @default false */
  normalize?: boolean | undefined;
}

/** Typed wrapper of a native table of embeddings. */
export class NgramTable {
  private constructor(
    /** Internal: for the trainer. */
    readonly handle: NgramTableHandle,
    readonly dim: number,
    readonly size: number,
    readonly hasKeys: boolean,
  ) {}

  /**
   * Makes a table from arrays, which it uses without copying. They must not change until it is disposed.
   *
   * @throws EngineError `ERR_NON_FINITE` naming a row with NaN or infinity, `ERR_DATA` if keys are not ascending,
   *   `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`, `ERR_ABORTED`
   */
  static async create(data: NgramTableData, options: Pick<CallOptions, 'signal'> = {}): Promise<NgramTable> {
    const call = expectCallOptions(options);
    const dim = expectInteger(data.dim, 'dim', 1);
    const { rows, scales, keys } = data;
    const size = rowsOf(rows, dim);
    if (rows instanceof Int8Array) expectLength(expectFloat32Array(scales, 'scales'), 'scales', size);
    else if (scales !== undefined) fail('ERR_ARG_TYPE', 'no scales without int8 rows', 'scales', scales);
    if (keys !== undefined) expectLength(expectUint32Array(keys, 'keys'), 'keys', size);
    const handle = await callNative(callNative, call, (control) =>
      addon().ngramTableCreate({ dim, rows, scales, keys }, control),
    );
    return new NgramTable(handle, dim, size, keys !== undefined);
  }

  /**
   * Encodes texts by their n-grams: the sum of the rows of the known ones, weighted by log(1 + count), at unit length.
   * A text without known n-grams has the unit vector whose entries are all 1 / sqrt(dim). `onProgress` receives numbers
   * of texts.
   *
   * @throws EngineError `ERR_DISPOSED`, `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`, `ERR_NON_FINITE` if a sum overflows
   */
  async encode(texts: readonly string[], settings: NgramSettings, options: CallOptions = {}): Promise<EncodedTexts> {
    const call = expectCallOptions(options);
    expectStrings(texts, 'texts');
    if (!this.hasKeys) fail('ERR_ARG_TYPE', 'keys, which encoding by n-grams needs,', 'keys', undefined);
    const out = allocateFloat32(texts.length * this.dim, 'the embeddings');
    const tokens = allocateInt32(texts.length, 'the numbers of tokens');
    await callNative(callNative, call, (control) =>
      addon().ngramTableEncode(this.handle, plainList(texts), { ...settings, out, tokens }, control),
    );
    return { embeddings: out, tokens };
  }

  /**
   * Scores texts: the sum of the rows of their known n-grams, weighted by log(1 + count), with the weights scaled to
   * unit length. A text without known n-grams has scores 0. `onProgress` receives numbers of texts.
   *
   * @throws EngineError `ERR_DISPOSED`, `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`, `ERR_NON_FINITE` if a sum overflows
   */
  async score(
    texts: readonly string[],
    groups: readonly NgramSettings[],
    options: CallOptions = {},
  ): Promise<TextScores> {
    const call = expectCallOptions(options);
    expectStrings(texts, 'texts');
    if (!this.hasKeys) fail('ERR_ARG_TYPE', 'keys, which scores by n-grams need,', 'keys', undefined);
    const out = allocateFloat32(texts.length * this.dim, 'the scores');
    const known = allocateFloat32(texts.length, 'the shares of known n-grams');
    await callNative(callNative, call, (control) =>
      addon().ngramTableScore(this.handle, plainList(texts), { groups, out, known }, control),
    );
    return { scores: out, known };
  }

  /**
   * Computes the mean of the rows with the given numbers for every text, [texts, dim]. A text without ids gives zeros,
   * or with `normalize` the unit vector whose entries are all 1 / sqrt(dim).
   *
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE` (an id that is not a row), `ERR_SHAPE_MISMATCH`,
   *   `ERR_DISPOSED`, `ERR_ABORTED`, `ERR_NON_FINITE` if a sum overflows
   */
  async encodeRows(texts: PackedTokens, options: EncodeRowsOptions = {}): Promise<Float32Array> {
    const given = expectOptions(options, 'options', ['normalize', 'signal', 'onProgress']);
    const call = resolveCallOptions(given.signal, given.onProgress);
    const normalize = expectBoolean(given.normalize ?? false, 'normalize');
    const { ids, offsets } = expectObject(texts, 'texts') as unknown as PackedTokens;
    const count = expectOffsets(offsets, 'texts.offsets').length - 1;
    expectInt32(ids, 'texts.ids', offsets[count]!, 0, this.size - 1);
    const out = allocateFloat32(count * this.dim, 'the embeddings');
    await callNative(callNative, call, (control) =>
      addon().ngramTableEncodeRows(this.handle, { ids, offsets, normalize, out }, control),
    );
    return out;
  }

  /** Lets go of the arrays once the calls in flight have finished. Idempotent. */
  dispose(): void {
    addon().ngramTableDispose(this.handle);
  }
}

function rowsOf(rows: unknown, dim: number): number {
  const known = rows instanceof Float32Array || rows instanceof Uint16Array || rows instanceof Int8Array;
  if (!known) fail('ERR_ARG_TYPE', 'a Float32Array, a Uint16Array or an Int8Array', 'rows', rows);
  rejectUnreadable(rows, 'rows');
  if (rows.length % dim !== 0) fail('ERR_SHAPE_MISMATCH', `a multiple of ${dim} (dim) entries`, 'rows', rows);
  return rows.length / dim;
}

function expectLength(array: Float32Array | Uint32Array, name: string, length: number): void {
  if (array.length !== length) fail('ERR_SHAPE_MISMATCH', `${length} entries, one per row,`, name, array);
}
