import { expectStrings } from '../core/validate.js';
import type { NgramCorpusHandle } from './addon-types.js';
import { type CallOptions, callNative, expectCallOptions, plainList } from './call.js';
import { addon } from './loader.js';
import type { NgramSettings } from './ngram-settings.js';

/** The n-gram features of many texts, kept in native memory: 5 bytes per feature. */
export class NgramCorpus {
  /** Internal: for the trainer. */
  readonly handle: NgramCorpusHandle;
  #size = 0;
  #features = 0;

  /** @param groups checked settings of the groups of features */
  constructor(...groups: NgramSettings[]) {
    this.handle = addon().ngramCorpusCreate(groups);
  }

  /** Number of texts. */
  get size(): number {
    return this.#size;
  }

  /** Number of features of all texts. */
  get features(): number {
    return this.#features;
  }

  /**
   * Adds texts after those of earlier calls, or none if it fails. Calls run in order. `onProgress` receives numbers of
   * texts.
   *
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_DISPOSED`, `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`
   */
  async add(texts: readonly string[], options: CallOptions = {}): Promise<void> {
    const call = expectCallOptions(options);
    expectStrings(texts, 'texts');
    const { size, features } = await callNative(callNative, call, (control) =>
      addon().ngramCorpusAdd(this.handle, plainList(texts), control),
    );
    this.#size = size;
    this.#features = features;
  }

  /** Frees the features once the calls in flight have finished. Idempotent. */
  dispose(): void {
    addon().ngramCorpusDispose(this.handle);
  }
}
