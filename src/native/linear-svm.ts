import { allocateFloat32, allocateInt32 } from '../core/allocate.js';
import { expectInt32, expectInteger } from '../core/validate.js';
import { type CallOptions, callNative } from './call.js';
import { addon } from './loader.js';
import type { NgramCorpus } from './ngram-corpus.js';
import type { LinearSvmSettings } from './ngram-types.js';

/** Linear classifiers, one per class. */
export interface SvmPlanes {
  /** [rows], the feature id of every row, ascending. */
  keys: Uint32Array;
  /** [rows, classes]. */
  weights: Float32Array;
  /** [classes]. */
  biases: Float32Array;
  /** [classes], passes over the texts. */
  passes: Int32Array;
}

/**
 * Trains a linear support vector machine for every class, against the texts of all others (native/ngrams/linear_svm.h).
 * The same inputs give the same result, whatever the number of threads. `onProgress` receives numbers of classes.
 *
 * @param labels [texts of the corpus], numbers from 0 to classes - 1
 * @param settings checked settings
 * @throws EngineError `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`, `ERR_DISPOSED`, `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`
 */
export async function trainLinearSvm(
  corpus: NgramCorpus,
  labels: Int32Array,
  classes: number,
  settings: LinearSvmSettings,
  { signal, onProgress }: CallOptions = {},
): Promise<SvmPlanes> {
  expectInteger(classes, 'classes', 1);
  expectInt32(labels, 'labels', corpus.size, 0, classes - 1);
  const { handle, keys } = await callNative(callNative, { signal }, (control) =>
    addon().linearSvmCreate(corpus.handle, settings, control),
  );
  try {
    const weights = allocateFloat32(keys.length * classes, 'the weights of the linear classifier');
    const biases = allocateFloat32(classes, 'the biases of the linear classifier');
    const passes = allocateInt32(classes, 'the passes of the linear classifier');
    await callNative(callNative, { signal, onProgress }, (control) =>
      addon().linearSvmTrain(handle, { labels, weights, biases, passes }, control),
    );
    return { keys, weights, biases, passes };
  } finally {
    addon().linearSvmDispose(handle);
  }
}
