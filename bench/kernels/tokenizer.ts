/**
 * WordPiece against npm `tokenizers` (Rust) on real answers: English, and all languages together, with one thread and
 * with all. Both sides read their thread count once per process.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

import type { Benchmark, Subject } from '../../src/benchmarking/benchmark.js';
import { usableCpuCount } from '../../src/core/cpu-count.js';
import type { PackedTokens } from '../../src/native/packed-tokens.js';
import { openEngine } from '../support/engine.js';

export { environment } from '../support/engine.js';

const TOKENIZER = fileURLToPath(new URL('../../models/univar-mini/tokenizer.json', import.meta.url));
const CORPUS = fileURLToPath(new URL('../../../shared/data/qa/', import.meta.url));
const SAMPLE = fileURLToPath(new URL('../../test/fixtures/tokenizer/answers.jsonl', import.meta.url));
/** UTF-8 bytes per run: two seconds of the peer on one thread; in a check, some milliseconds of ours. */
const BYTES = { run: 5e6, check: 2e5 };
/** Texts per call of the peer, which holds all details of a call's encodings; larger batches make it slower. */
const PEER_BATCH = 256;

interface Answer {
  lang: string;
  answer: string;
}

function readAnswers(files: readonly string[]): Answer[] {
  return files.flatMap((file) => {
    const bytes = readFileSync(file);
    const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Answer);
  });
}

/** Answers spread over the whole corpus, repeated if there are too few. */
function takeTexts(answers: readonly Answer[], wanted: number): { texts: string[]; bytes: number } {
  const total = answers.reduce((sum, { answer }) => sum + Buffer.byteLength(answer), 0);
  const step = Math.max(1, Math.floor(total / wanted));
  const texts: string[] = [];
  let bytes = 0;
  for (let i = 0; bytes < wanted; i += step) {
    const { answer } = answers[i % answers.length]!;
    texts.push(answer);
    bytes += Buffer.byteLength(answer);
  }
  return { texts, bytes };
}

function benchmark(corpus: 'english' | 'all-languages', threads: number, only: 'run' | 'check'): Benchmark {
  const load = () => {
    // A check must mean the same on every machine, with the corpus and without.
    const files = only === 'run' && existsSync(CORPUS) ? readdirSync(CORPUS).map((name) => CORPUS + name) : [SAMPLE];
    const answers = readAnswers(files);
    return takeTexts(corpus === 'english' ? answers.filter(({ lang }) => lang === 'eng') : answers, BYTES[only]);
  };
  return {
    name: `tokenizer/${corpus}/${threads === 1 ? 'one-thread' : 'all-threads'}${only === 'check' ? '/small' : ''}`,
    sizes: { MB: BYTES[only] / 1e6, threads },
    subject: 'WordPieceTokenizer',
    only,
    env: {
      UNIVAR_THREADS: String(threads),
      RAYON_NUM_THREADS: String(threads),
      TOKENIZERS_PARALLELISM: String(threads > 1),
    },
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

/** The first texts against the peer, also in a check, which has no peer otherwise. */
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
