/**
 * Compares bags of embeddings with plain TypeScript on typed arrays: the sums of rows of an int8 table, and a training
 * step, whose peer computes in double precision.
 */
import type { Benchmark, Revision, Subject } from '../../packages/bench-gate/src/benchmark.js';
import type * as corpora from '../../src/native/ngram-corpus.js';
import type * as tables from '../../src/native/ngram-table.js';
import type * as trainers from '../../src/native/ngram-trainer.js';
import type { NgramSteps } from '../../src/native/ngram-types.js';
import { type ReferenceBag, referenceBag, referenceStep } from '../../test/support/ngram-training-reference.js';
import { seededRandom } from '../../test/support/random.js';
import { relativeError } from '../../test/support/tolerances.js';
import { ONE_THREAD } from '../support/engine.js';

export { environment } from '../support/engine.js';

const DIM = 256;
const SETTINGS = { kind: 'words', orders: 3, limit: 400 } as const;

interface ForwardSize {
  rows: number;
  texts: number;
  /** Rows per text. */
  features: number;
}

function makeBags({ rows, texts, features }: ForwardSize) {
  const random = seededRandom(1);
  const data = {
    dim: DIM,
    rows: Int8Array.from({ length: rows * DIM }, () => Math.floor(256 * random()) - 128),
    scales: Float32Array.from({ length: rows }, () => random()),
  };
  const ids = Int32Array.from({ length: texts * features }, () => Math.floor(rows * random()));
  for (let at = 0; at < ids.length; at += features) ids.subarray(at, at + features).sort(); // as features of texts are
  return { data, packed: { ids, offsets: Int32Array.from({ length: texts + 1 }, (_, i) => i * features) } };
}

function forwardBenchmark(size: ForwardSize, only: 'run' | 'check'): Benchmark {
  const name = `bag/forward/int8${only === 'check' ? '/small' : ''}`;
  return {
    name,
    sizes: { ...size, dim: DIM },
    subject: 'NgramTable.encodeRows',
    only,
    env: ONE_THREAD,
    work: { unit: 'texts', subject: size.texts, peer: size.texts },
    target: 5,
    prepare: async (revision): Promise<Subject> => {
      const { NgramTable } = await revision.import<typeof tables>('dist/native/ngram-table.js');
      const { data, packed } = makeBags(size);
      const table = await NgramTable.create(data);
      const run = () => table.encodeRows(packed);
      if (!(relativeError(await run(), sumRows(data, packed, size)) < 1e-5)) throw new Error('The sums are wrong');
      return { run, close: () => table.dispose() };
    },
    peer: {
      name: 'TypeScript loops',
      prepare: () => {
        const { data, packed } = makeBags(size);
        return Promise.resolve({ run: () => sumRows(data, packed, size) });
      },
    },
  };
}

type Bags = ReturnType<typeof makeBags>;

function sumRows({ rows, scales }: Bags['data'], { ids }: Bags['packed'], { texts, features }: ForwardSize) {
  const sums = new Float32Array(texts * DIM);
  for (let text = 0; text < texts; text++) {
    for (let k = text * features; k < (text + 1) * features; k++) {
      const id = ids[k]!;
      const weight = scales[id]! / features;
      for (let d = 0; d < DIM; d++) sums[text * DIM + d]! += weight * rows[id * DIM + d]!;
    }
  }
  return sums;
}

interface StepSize {
  texts: number;
  /** Words per text. There are about 1.5 features with a row per word. */
  words: number;
  pairs: number;
}

/** Draws texts whose frequencies of words follow Zipf's law. */
function makeTexts({ texts, words }: StepSize): string[] {
  const random = seededRandom(2);
  const word = (): string => `w${Math.floor(2000 ** random())}`;
  return Array.from({ length: texts }, () => Array.from({ length: words }, word).join(' '));
}

function makeStep({ texts, pairs }: StepSize): NgramSteps {
  const random = seededRandom(3);
  const draw = (below: number): Int32Array => Int32Array.from({ length: pairs }, () => Math.floor(below * random()));
  return {
    queries: draw(texts),
    keys: draw(texts),
    labels: draw(50),
    pairs,
    learningRates: Float64Array.of(0.01),
    logitScale: 10,
    mode: 'masked-symmetric',
  };
}

async function openTrainer(revision: Revision, size: StepSize) {
  const { NgramCorpus } = await revision.import<typeof corpora>('dist/native/ngram-corpus.js');
  const { NgramTrainer } = await revision.import<typeof trainers>('dist/native/ngram-trainer.js');
  const corpus = new NgramCorpus(SETTINGS);
  const texts = makeTexts(size);
  await corpus.add(texts);
  const trainer = await NgramTrainer.create(corpus, { dim: DIM });
  corpus.dispose();
  const { keys, rows } = await trainer.state();
  const rowOf = new Map([...keys].map((key, row) => [key, row]));
  const table = { dim: DIM, rows: Float64Array.from(rows), moments: new Float64Array(keys.length) };
  const step = makeStep(size);
  const used = new Set([...step.queries, ...step.keys]);
  const bags = texts.map((text, i): ReferenceBag => (used.has(i) ? referenceBag(text, SETTINGS, rowOf) : []));
  const [learningRate] = step.learningRates;
  const reference = () => referenceStep(table, bags, { ...step, labels: step.labels!, learningRate: learningRate! });
  const features = [...used].reduce((sum, text) => sum + bags[text]!.length, 0) / used.size;
  return { trainer, step, reference, details: () => ({ rows: keys.length, featuresPerText: Math.round(features) }) };
}

function stepBenchmark(size: StepSize, only: 'run' | 'check'): Benchmark {
  return {
    name: `bag/training-step/${size.pairs}${only === 'check' ? '/small' : ''}`,
    sizes: { ...size, dim: DIM },
    subject: 'NgramTrainer.steps',
    only,
    ...(only === 'check' ? { env: ONE_THREAD } : {}),
    work: { unit: 'pairs', subject: size.pairs, peer: size.pairs },
    target: 10,
    prepare: async (revision): Promise<Subject> => {
      const { trainer, step, reference, details } = await openTrainer(revision, size);
      const [loss] = await trainer.steps(step);
      if (!(Math.abs(loss! / reference() - 1) < 1e-4)) throw new Error('The loss is wrong');
      return { run: () => trainer.steps(step), details, close: () => trainer.dispose() };
    },
    peer: {
      name: 'TypeScript loops',
      prepare: async (revision): Promise<Subject> => {
        const { trainer, reference } = await openTrainer(revision, size);
        trainer.dispose();
        return { run: reference };
      },
    },
  };
}

export const benchmarks: Benchmark[] = [
  forwardBenchmark({ rows: 2 ** 18, texts: 1000, features: 450 }, 'run'),
  stepBenchmark({ texts: 3000, words: 300, pairs: 128 }, 'run'),
  stepBenchmark({ texts: 3000, words: 300, pairs: 256 }, 'run'),
  forwardBenchmark({ rows: 2 ** 12, texts: 100, features: 450 }, 'check'),
  stepBenchmark({ texts: 300, words: 60, pairs: 16 }, 'check'),
];
