/** Counts the answers that contain each phrase of one to three tokens, by the n-gram features of the addon. */
import { allocateUint8 } from '../core/allocate.js';
import type { NgramFeatures } from '../native/ngrams.js';
import { extractNgrams } from '../text/ngrams/extract-ngrams.js';
import { lowerCase } from '../text/ngrams/word-tokens.js';

/** Texts whose features are in memory at a time. */
const WINDOW = 1024;
/** Counters of the first pass. Phrases that share one are counted together there, which can only keep too many. */
const COUNTERS = 2 ** 24;

export interface PhraseCounts {
  /** Features of the phrases, in the order of their first appearance. */
  ids: number[];
  /** For each side, the number of answers that contain each phrase. */
  answers: [number[], number[]];
  /** For each side, the first answer that contains each phrase; -1 if there is none. */
  first: [number[], number[]];
  /** For each side, the sum over all its answers of the number of distinct phrases. */
  totals: [number, number];
}

/**
 * Counts phrases in lower case. A phrase counts once per answer, because a word that one answer repeats says no more
 * about its author than if it occurred once. Most phrases are rare, so a first pass over the texts finds those that
 * occur in at least `minAnswers` answers, or in 255, and only these are kept, with few others.
 *
 * @param texts answers of both sides
 * @throws EngineError `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`
 */
export async function countPhrases(
  texts: readonly [readonly string[], readonly string[]],
  {
    minAnswers,
    signal,
    onProgress,
  }: {
    minAnswers: number;
    signal: AbortSignal | undefined;
    onProgress?: ((texts: number) => void) | undefined;
  },
): Promise<PhraseCounts> {
  const counters = allocateUint8(COUNTERS, 'the phrases');
  const enough = Math.min(minAnswers, 255);
  const totals: [number, number] = [0, 0];
  let read = 0;
  for await (const { side, features } of windowsOf(texts, signal)) {
    totals[side] += features.ids.length;
    for (const id of features.ids) if (counters[id % COUNTERS]! < enough) counters[id % COUNTERS]! += 1;
    onProgress?.((read += (features.offsets.length - 1) / 2));
  }
  const numbers = new Map<number, number>();
  const counts: PhraseCounts = { ids: [], answers: [[], []], first: [[], []], totals };
  for await (const { side, begin, features } of windowsOf(texts, signal)) {
    const { offsets, ids } = features;
    for (let text = 0; text < offsets.length - 1; text++) {
      for (let at = offsets[text]!; at < offsets[text + 1]!; at++) {
        const id = ids[at]!;
        if (counters[id % COUNTERS]! < enough) continue;
        let number = numbers.get(id);
        if (number === undefined) {
          numbers.set(id, (number = counts.ids.length));
          counts.ids.push(id);
          for (const own of [0, 1] as const) {
            counts.answers[own].push(0);
            counts.first[own].push(-1);
          }
        }
        counts.answers[side][number]! += 1;
        if (counts.first[side][number] === -1) counts.first[side][number] = begin + text;
      }
    }
    onProgress?.((read += (offsets.length - 1) / 2));
  }
  return counts;
}

async function* windowsOf(
  texts: readonly [readonly string[], readonly string[]],
  signal: AbortSignal | undefined,
): AsyncGenerator<{ side: 0 | 1; begin: number; features: NgramFeatures }> {
  for (const side of [0, 1] as const) {
    for (let begin = 0; begin < texts[side].length; begin += WINDOW) {
      // In lower case, both spellings of a phrase are equal and count as one feature.
      const window = texts[side].slice(begin, begin + WINDOW).map(lowerCase);
      yield { side, begin, features: await extractNgrams(window, { kind: 'words', signal }) };
    }
  }
}
