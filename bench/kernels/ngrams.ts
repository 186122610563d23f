/**
 * Compares the n-gram features of words with plain JavaScript, which counts the n-grams as strings in a Map and neither
 * hashes nor sorts them. Real answers, with one thread and with all; the peer always has one.
 */
import type { Benchmark, Subject } from '../../packages/bench-gate/src/benchmark.js';
import { usableCpuCount } from '../../src/core/cpu-count.js';
import type { NgramFeatures } from '../../src/native/ngrams.js';
import { referenceNgrams } from '../../test/support/ngram-reference.js';
import { type AnswerLanguages, answerTexts } from '../support/answers.js';
import { ONE_THREAD, openEngine } from '../support/engine.js';
import { countNgrams } from '../support/plain-ngrams.js';

export { environment } from '../support/engine.js';

/** UTF-8 bytes per run: a second or two of the peer, and in a check a few milliseconds of ours. */
const BYTES = { run: 5e6, check: 2e5 };
const SETTINGS = { kind: 'words', orders: 3, limit: 400 } as const;

function benchmark(corpus: AnswerLanguages, threads: number, only: 'run' | 'check'): Benchmark {
  const load = () => answerTexts(corpus, only, BYTES[only]);
  return {
    name: `ngrams/${corpus}/${threads === 1 ? 'one-thread' : 'all-threads'}${only === 'check' ? '/small' : ''}`,
    sizes: { MB: BYTES[only] / 1e6, threads },
    subject: 'extractNgrams',
    only,
    env: threads === 1 ? ONE_THREAD : { UNIVAR_THREADS: String(threads) },
    work: { unit: 'MB', subject: BYTES[only] / 1e6, peer: BYTES[only] / 1e6 },
    rounds: 5,
    prepare: async (revision): Promise<Subject> => {
      const { extractNgrams } = await openEngine(revision);
      const { texts, bytes } = load();
      const features = await extractNgrams(texts, SETTINGS);
      checkFirst(features, texts);
      return {
        run: () => extractNgrams(texts, SETTINGS),
        details: () => ({ texts: texts.length, bytes, features: features.ids.length }),
      };
    },
    peer: {
      name: 'plain JavaScript',
      prepare: async (_, subject): Promise<Subject> => {
        const { texts } = load();
        const run = () => texts.reduce((sum, text) => sum + countNgrams(text, SETTINGS.orders, SETTINGS.limit).size, 0);
        const ours = ((await subject.run()) as NgramFeatures).ids.length;
        // A few n-grams of a text can have the same id.
        if (Math.abs(run() - ours) > ours * 1e-5) throw new Error('The numbers of features differ');
        return { run };
      },
    },
  };
}

function checkFirst({ offsets, ids }: NgramFeatures, texts: readonly string[]): void {
  for (let i = 0; i < 8; i++) {
    const expected = referenceNgrams(texts[i]!, SETTINGS).ids;
    const found = ids.subarray(offsets[i], offsets[i + 1]);
    if (found.length !== expected.length || !expected.every((id, at) => id === found[at]))
      throw new Error('The features differ from their definition');
  }
}

const threadCounts = [...new Set([1, usableCpuCount()])];

export const benchmarks: Benchmark[] = [
  ...threadCounts.flatMap((threads) =>
    (['english', 'all-languages'] as const).map((corpus) => benchmark(corpus, threads, 'run')),
  ),
  benchmark('all-languages', 1, 'check'),
];
