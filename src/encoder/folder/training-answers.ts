/**
 * Recognises answers that an encoder was trained on, by fingerprints of a part of them in its folder: see
 * docs/encoders.md.
 */
import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

import { EngineError } from '../../core/errors.js';
import { hashText } from '../../core/text-hash.js';
import { SafetensorsFile } from '../formats/safetensors.js';
import { writeSafetensors } from '../formats/safetensors-writer.js';

/** The file with the fingerprints, in the folder of an encoder. */
export const TRAINING_ANSWERS = 'training-answers.safetensors';

const TENSOR = 'fingerprints';
/** Only the beginning of an answer counts, because public data sets cut answers at different lengths. */
const LENGTH = 256;
/** Shorter answers, such as "I cannot help with that.", are the same in many data sets. */
const MIN_LENGTH = 100;
/** One of so many answers is in the sample. */
const RATE = 16;

const words = new Uint32Array(2);

/** Returns the fingerprint of an answer, or undefined if it is not in the sample. */
export function fingerprintOf(answer: string): number | undefined {
  const text = answer.trim();
  if (text.length < MIN_LENGTH) return undefined;
  hashText(text.slice(0, LENGTH), words);
  return words[0]! % RATE === 0 ? words[1]! : undefined;
}

/** Collects the fingerprints of training answers. */
export class TrainingAnswers {
  readonly #fingerprints: Set<number>;

  /** @param fingerprints those to begin with */
  constructor(fingerprints: Iterable<number> = []) {
    this.#fingerprints = new Set(fingerprints);
  }

  add(answers: readonly string[]): void {
    for (const answer of answers) {
      const fingerprint = fingerprintOf(answer);
      if (fingerprint !== undefined) this.#fingerprints.add(fingerprint);
    }
  }

  /** Writes the file into the folder of an encoder. @throws EngineError `ERR_IO` */
  async write(folder: string): Promise<void> {
    const values = Uint32Array.from(this.#fingerprints).sort();
    const tensor = { name: TENSOR, shape: [values.length], dtype: 'U32', read: () => values } as const;
    await writeSafetensors(join(folder, TRAINING_ANSWERS), [tensor]);
  }
}

/**
 * Reads the fingerprints of the answers that an encoder was trained on.
 *
 * @returns undefined if its folder has none
 * @throws EngineError `ERR_DATA` for a damaged file
 */
export async function readFingerprints(folder: string): Promise<Set<number> | undefined> {
  const path = join(folder, TRAINING_ANSWERS);
  if (!existsSync(path)) return undefined;
  const file = await SafetensorsFile.open(path);
  try {
    if (file.tensors.get(TENSOR)?.dtype !== 'U32')
      throw new EngineError('ERR_DATA', `${path} has no tensor "${TENSOR}" of type U32`);
    return new Set(new Uint32Array(await file.readBytes(TENSOR)));
  } finally {
    await file.close();
  }
}

/** How many answers of a data set an encoder was trained on, among those in the sample. */
export interface SeenAnswers {
  /** Name of the encoder. */
  encoder: string;
  /** Answers that were looked up: about one of 16. */
  sampled: number;
  /** Those that were in the training data of the encoder. */
  seen: number;
}

/** Counts answers that an encoder was trained on. */
export class SeenAnswerCounter {
  private constructor(
    private readonly known: ReadonlySet<number>,
    readonly counts: SeenAnswers,
  ) {}

  /**
   * Reads the fingerprints of an encoder.
   *
   * @returns undefined if its folder has none
   * @throws EngineError `ERR_DATA` for a damaged file
   */
  static async open(folder: string): Promise<SeenAnswerCounter | undefined> {
    const known = await readFingerprints(folder);
    return known && new SeenAnswerCounter(known, { encoder: basename(resolve(folder)), sampled: 0, seen: 0 });
  }

  add(answers: readonly string[]): void {
    for (const answer of answers) {
      const fingerprint = fingerprintOf(answer);
      if (fingerprint === undefined) continue;
      this.counts.sampled++;
      if (this.known.has(fingerprint)) this.counts.seen++;
    }
  }
}
