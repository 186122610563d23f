import { allocateFloat32 } from '../core/allocate.js';
import { EngineError } from '../core/errors.js';
import {
  expectInt32,
  expectInteger,
  expectMatrix,
  expectObject,
  expectOffsets,
  expectOptions,
  fail,
} from '../core/validate.js';
import { type CallOptions, callNative, expectCallOptions, resolveCallOptions } from './call.js';
import type {
  EncoderSpec,
  NativeBlock,
  NativeEncoder,
  NativeLoss,
  NativeParameter,
  UpdateSettings,
} from './encoder-types.js';
import { usesLabels } from './infonce-modes.js';
import { addon } from './loader.js';
import { joinPackedTokens, type PackedTokens } from './packed-tokens.js';
import type { EncoderPrecision } from './precisions.js';

/** Settings of the loss, without the batch. */
export type LossSettings = Omit<NativeLoss, keyof PackedTokens>;

/** Options of the encoding of tokens. */
export interface EncodeOptions extends CallOptions {
  /** Receives hidden states, [tokens, hidden]. */
  hidden?: Float32Array;
  /** Number of layers to run. @default all */
  layers?: number;
}

const ENCODE_OPTIONS = ['hidden', 'layers', 'signal', 'onProgress'] as const satisfies readonly (keyof EncodeOptions)[];

/** Typed wrapper of the native encoder: parameters in one block, forward, backward and update. */
export class EncoderModel {
  readonly parameters: ReadonlyMap<string, NativeParameter>;
  readonly #native: NativeEncoder;
  #disposed = false;
  #last: Promise<unknown> = Promise.resolve();

  /** @param precision precision of products; parameters, sums and gradients are always f32. int8 cannot be trained */
  constructor(
    readonly spec: EncoderSpec,
    readonly precision: EncoderPrecision,
  ) {
    this.#native = new (addon().EncoderHandle)(spec, precision);
    this.parameters = new Map(this.#native.parameters().map((parameter) => [parameter.name, parameter]));
  }

  /** Copies values into a block, starting at row (for a vector: entry) `row` of the parameter. */
  write(block: NativeBlock, parameter: string, row: number, values: Float32Array): void {
    this.#native.write(block, this.#offset(parameter, row), values);
  }

  /** Copies values from a block: see {@link write}. */
  read(block: NativeBlock, parameter: string, row: number, out: Float32Array): void {
    this.#native.read(block, this.#offset(parameter, row), out);
  }

  /**
   * Computes embeddings, [texts, hidden], from the states after the first `layers` layers; 0 means the normalised sum
   * of the embedding tables. `hidden`, if given, receives these states, [tokens, hidden].
   */
  async encode(batch: PackedTokens, options: EncodeOptions = {}): Promise<Float32Array> {
    const { hidden, layers: wanted, signal, onProgress } = expectOptions(options, 'options', ENCODE_OPTIONS);
    const call = resolveCallOptions(signal, onProgress);
    const texts = this.#check(batch, 'batch');
    const layers = expectInteger(wanted ?? this.spec.layers, 'layers', 0, this.spec.layers);
    const states =
      hidden === undefined ? undefined : expectMatrix(hidden, 'hidden', batch.offsets[texts]!, this.spec.hidden);
    const embeddings = allocateFloat32(texts * this.spec.hidden, 'the embeddings');
    if (texts === 0) return embeddings;
    const { ids, offsets } = batch;
    const native = { ids, offsets, embeddings, layers, hidden: states };
    await this.#run(call, (control) => this.#native.encode(native, control));
    return embeddings;
  }

  /** Computes the loss of a batch of pairs. The gradients are then in the block `gradients`. */
  async backward(
    query: PackedTokens,
    key: PackedTokens,
    loss: LossSettings,
    options: CallOptions = {},
  ): Promise<{ loss: number }> {
    const call = expectCallOptions(options);
    const batch = { ...loss, ...this.#pairs(query, key, loss) };
    return this.#run(call, (control) => this.#native.backward(batch, control));
  }

  /** Runs {@link backward} and one AdamW update. */
  async step(
    query: PackedTokens,
    key: PackedTokens,
    loss: LossSettings,
    update: UpdateSettings,
    options: CallOptions = {},
  ): Promise<{ loss: number; gradNorm: number }> {
    const call = expectCallOptions(options);
    const batch = { ...loss, ...update, ...this.#pairs(query, key, loss) };
    return this.#run(call, (control) => this.#native.step(batch, control));
  }

  /**
   * Resolves when no call is in flight. Code that runs immediately afterwards, without another await, never sees the
   * parameters of an unfinished step.
   */
  async idle(): Promise<void> {
    let last: Promise<unknown> | undefined;
    while (last !== this.#last) {
      last = this.#last;
      await last;
    }
  }

  /** Frees the parameters once the calls in flight have finished. Idempotent. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#last;
    this.#native.dispose();
  }

  #offset(name: string, row: number): number {
    if (this.#disposed) throw new EngineError('ERR_DISPOSED', 'The encoder was disposed');
    const parameter = this.parameters.get(name);
    if (parameter === undefined) fail('ERR_ARG_RANGE', 'the name of a parameter', 'parameter', name);
    return parameter.offset + row * (parameter.matrix ? parameter.cols : 1);
  }

  async #run<T>(options: CallOptions, start: (control: Int32Array) => Promise<T>): Promise<T> {
    if (this.#disposed) throw new EngineError('ERR_DISPOSED', 'The encoder was disposed');
    const running = callNative(callNative, options, start);
    this.#last = running.catch(() => undefined);
    return running;
  }

  /** Checks everything that kernels use as an index; returns the number of texts. */
  #check(batch: PackedTokens, name: string): number {
    const given = expectObject(batch, name);
    const offsets = expectOffsets(given.offsets, `${name}.offsets`);
    const texts = offsets.length - 1;
    expectInt32(given.ids, `${name}.ids`, offsets[texts]!, 0, this.spec.vocabulary - 1);
    for (let i = 0; i < texts; i++) {
      const length = offsets[i + 1]! - offsets[i]!;
      expectInteger(length, `length of ${name} text ${i}`, 1, this.spec.maxPositions);
    }
    return texts;
  }

  /** Joins queries and keys into one batch, queries first. */
  #pairs(query: PackedTokens, key: PackedTokens, loss: LossSettings): PackedTokens {
    if (this.precision === 'int8')
      fail('ERR_ARG_RANGE', 'f32 or bf16, which can be trained,', 'precision', this.precision);
    const rows = this.#check(query, 'query');
    if (rows === 0) fail('ERR_ARG_RANGE', 'at least one pair', 'query', rows);
    const keys = this.#check(key, 'key');
    if (keys !== rows) fail('ERR_SHAPE_MISMATCH', `${rows} texts, as many as "query" has,`, 'key', keys);
    if (loss.labels !== undefined) expectInt32(loss.labels, 'labels', rows, -(2 ** 31), 2 ** 31 - 1);
    else if (usesLabels(loss.mode))
      fail('ERR_ARG_TYPE', `an Int32Array, which mode ${loss.mode} needs,`, 'labels', loss.labels);
    expectInteger(loss.firstTrainedLayer, 'firstTrainedLayer', 0, this.spec.layers);
    if (loss.lowerStates !== undefined && loss.firstTrainedLayer === 0)
      fail('ERR_ARG_RANGE', 'frozen layers, which "lowerStates" needs,', 'firstTrainedLayer', 0);
    if (loss.lowerStates !== undefined)
      expectMatrix(loss.lowerStates, 'lowerStates', query.ids.length + key.ids.length, this.spec.hidden);
    return joinPackedTokens(query, key);
  }
}
