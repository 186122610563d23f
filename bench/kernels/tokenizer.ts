/**
 * Compares WordPiece with npm `tokenizers` (Rust) on real answers, in English and in all languages together, with one
 * thread and with all. Both sides read their number of threads once per process.
 */
import { fileURLToPath } from 'node:url';

import type { Benchmark, Subject } from '../../packages/bench-gate/src/benchmark.js';
import { usableCpuCount } from '../../src/core/cpu-count.js';
import type { PackedTokens } from '../../src/native/packed-tokens.js';
import { type AnswerLanguages, answerTexts } from '../support/answers.js';
import { ONE_THREAD, openEngine, TWO_THREADS } from '../support/engine.js';

export { environment } from '../support/engine.js';

const TOKENIZER = fileURLToPath(new URL('../../models/bert-uncased/tokenizer.json', import.meta.url));
/** UTF-8 bytes per run: two seconds of the peer on one thread, and in a check a few milliseconds of ours. */
const BYTES = { run: 5e6, check: 2e5 };
/** Texts per call of the peer, which keeps all details of a call's encodings. Larger batches make it slower. */
const PEER_BATCH = 256;

function benchmark(corpus: AnswerLanguages, threads: number, only: 'run' | 'check'): Benchmark {
  const load = () => answerTexts(corpus, only, BYTES[only]);
  return {
    name: `tokenizer/${corpus}/${threads === 1 ? 'one-thread' : 'all-threads'}${only === 'check' ? '/small' : ''}`,
    sizes: { MB: BYTES[only] / 1e6, threads },
    subject: 'WordPieceTokenizer',
    only,
    env:
      threads === 1
        ? ONE_THREAD
        : { UNIVAR_THREADS: String(threads), RAYON_NUM_THREADS: String(threads), TOKENIZERS_PARALLELISM: 'true' },
    ...(only === 'check' ? { scaling: TWO_THREADS } : {}),
    work: { unit: 'MB', subject: BYTES[only] / 1e6, peer: BYTES[only] / 1e6 },
    target: 20,
    rounds: 5,
    prepare: async (revision): Promise<Subject> => {
      const { WordPieceTokenizer } = await openEngine(revision);
      const { texts, bytes } = load();
      const tokenizer = WordPieceTokenizer.fromFile(TOKENIZER);
      const { ids } = await tokenizer.encode(texts);
      await checkFirst(ids, texts);
      return {
        run: () => tokenizer.encode(texts),
        details: () => ({ texts: texts.length, bytes, tokens: ids.length }),
        close: () => tokenizer.dispose(),
      };
    },
    peer: {
      name: 'npm tokenizers',
      prepare: async (_, subject): Promise<Subject> => {
        const { texts } = load();
        const run = await peerTokenizer(texts);
        const { ids } = (await subject.run()) as PackedTokens;
        const expected = await run();
        if (Buffer.compare(Buffer.from(ids.buffer), Buffer.from(expected.buffer)) !== 0)
          throw new Error('The ids differ');
        return { run };
      },
    },
  };
}

async function peerTokenizer(texts: readonly string[]): Promise<() => Promise<Int32Array>> {
  const { Tokenizer } = await import('tokenizers');
  const peer = Tokenizer.fromFile(TOKENIZER);
  peer.disablePadding();
  peer.disableTruncation();
  return async () => {
    const ids: number[][] = [];
    for (let i = 0; i < texts.length; i += PEER_BATCH) {
      for (const encoding of await peer.encodeBatch(texts.slice(i, i + PEER_BATCH))) ids.push(encoding.getIds());
    }
    return Int32Array.from(ids.flat());
  };
}

/** Compares the first texts with the peer, also in a check, which has no peer otherwise. */
async function checkFirst(ids: Int32Array, texts: readonly string[]): Promise<void> {
  const expected = await (await peerTokenizer(texts.slice(0, 8)))();
  if (!expected.every((id, i) => id === ids[i])) throw new Error('The ids differ from those of npm tokenizers');
}

const threadCounts = [...new Set([1, usableCpuCount()])];

export const benchmarks: Benchmark[] = [
  ...threadCounts.flatMap((threads) =>
    (['english', 'all-languages'] as const).map((corpus) => benchmark(corpus, threads, 'run')),
  ),
  benchmark('all-languages', 1, 'check'),
];
