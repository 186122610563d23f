/**
 * Compares the default encoder with other ways to turn answers into vectors, all on one thread and on the same answers:
 * univar-mini with int8 weights, `fasttext print-sentence-vectors` (Debian's fasttext) and scikit-learn's
 * HashingVectorizer (Debian's python3-sklearn). A peer that is not installed is skipped, and the result says so.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Benchmark, Peer, Subject } from '../../packages/bench-gate/src/benchmark.js';
import type { Encoder } from '../../src/encoder/encoder.js';
import { answerTexts } from '../support/answers.js';
import { smallestCosine } from '../support/cosine.js';
import { ONE_THREAD, openEngine } from '../support/engine.js';
import { LineProgram } from '../support/line-program.js';

export { environment } from '../support/engine.js';

/** UTF-8 bytes per run: a few seconds of univar-mini, and in a check a millisecond of ours. */
const BYTES = { run: 3e5, check: 3e4 };
/** The engine names it too, but a module of definitions must not load this checkout's engine. */
const MINI_ENCODER = fileURLToPath(new URL('../../packages/univar-mini', import.meta.url));
const ORDERS = 3;
const DIM = 176;
const FASTTEXT = '/usr/bin/fasttext';
/** Debian's Python, for which the package python3-sklearn is. */
const PYTHON = '/usr/bin/python3';
const SKLEARN = '/usr/lib/python3/dist-packages/sklearn';

function load(only: 'run' | 'check') {
  return answerTexts('all-languages', only, BYTES[only]);
}

/** @param details more figures for the results file */
async function encoding(encoder: Encoder, only: 'run' | 'check', details: object = {}): Promise<Subject> {
  const { texts } = load(only);
  const { embeddings, dim } = await encoder.encode(texts);
  const self = smallestCosine(embeddings, embeddings, dim);
  if (!(Math.abs(self - 1) < 1e-5)) throw new Error(`An embedding has length ${Math.sqrt(self)}`);
  return {
    run: () => encoder.encode(texts),
    details: () => ({ answers: texts.length, ...details }),
    close: () => encoder.dispose(),
  };
}

const mini: Peer = {
  name: 'univar-mini, int8',
  prepare: async (revision) => {
    const { loadEncoder } = await openEngine(revision);
    return encoding(await loadEncoder(MINI_ENCODER, { precision: 'int8' }), 'run');
  },
};

const fasttext: Peer = {
  name: 'fasttext print-sentence-vectors',
  prepare: async () => {
    const lines = load('run').texts.map((text) => `${text.replace(/\s+/g, ' ')}\n`);
    const folder = mkdtempSync(join(tmpdir(), 'univar-fasttext-'));
    try {
      const [input, model] = [join(folder, 'texts'), join(folder, 'model')];
      writeFileSync(input, lines.join(''));
      // The speed does not depend on how well the model is trained.
      const settings = { input, output: model, dim: DIM, epoch: 1, minCount: 1, bucket: 200_000, thread: 1 };
      execFileSync(
        FASTTEXT,
        ['skipgram', ...Object.entries(settings).flatMap(([name, value]) => [`-${name}`, String(value)])],
        { stdio: 'ignore' },
      );
      const program = new LineProgram(FASTTEXT, ['print-sentence-vectors', `${model}.bin`]);
      const run = (): Promise<Buffer> => program.ask(lines.join(''), lines.length);
      const entries = (await run())
        .toString()
        .trim()
        .split(/\s+/)
        .filter((entry) => Number.isFinite(Number(entry)));
      if (entries.length < lines.length * DIM) throw new Error('fasttext printed other vectors than expected');
      return { run, close: () => program.close() };
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

const vectorizer: Peer = {
  name: `scikit-learn HashingVectorizer, 1 to ${ORDERS} words`,
  prepare: async () => {
    const program = new LineProgram(PYTHON, [
      new URL('hashing_vectorizer.py', import.meta.url).pathname,
      String(ORDERS),
    ]);
    const { texts } = load('run');
    const features = Number(await program.ask(`${JSON.stringify(texts)}\nrun\n`, 1));
    if (!(features > texts.length)) throw new Error(`HashingVectorizer found ${features} features`);
    return { run: () => program.ask('run\n', 1), close: () => program.close() };
  },
};

function benchmark(name: string, only: 'run' | 'check', options: Partial<Benchmark> = {}, details?: object): Benchmark {
  const megabytes = BYTES[only] / 1e6;
  return {
    name: `embed-answers/${name}`,
    sizes: { MB: megabytes },
    subject: 'univar-base',
    only,
    env: ONE_THREAD,
    work: { unit: 'MB', subject: megabytes, peer: megabytes },
    rounds: 5,
    prepare: async (revision) => {
      const { loadEncoder, DEFAULT_ENCODER } = await openEngine(revision);
      return encoding(await loadEncoder(DEFAULT_ENCODER), only, details);
    },
    ...options,
  };
}

/** A comparison with a peer that is a Debian package, or without a peer if it is not installed. */
function withPackage(name: string, peer: Peer, path: string, debian: string): Benchmark {
  if (existsSync(path)) return benchmark(name, 'run', { peer });
  return benchmark(name, 'run', {}, { skipped: `${peer.name}: the package ${debian} is not installed` });
}

export const benchmarks: Benchmark[] = [
  benchmark('univar-mini-int8', 'run', { peer: mini, target: 150 }),
  withPackage('fasttext', fasttext, FASTTEXT, 'fasttext'),
  withPackage('hashing-vectorizer', vectorizer, SKLEARN, 'python3-sklearn'),
  benchmark('small', 'check'),
];
