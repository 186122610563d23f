import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import * as fc from 'fast-check';

import { fitEncoder } from '../../src/identification/fit/fit-encoder.js';
import { INFONCE_MODES } from '../../src/native/infonce-modes.js';
import { trainLinearSvm } from '../../src/native/linear-svm.js';
import { NgramCorpus } from '../../src/native/ngram-corpus.js';
import { NGRAM_KINDS, type NgramSettings } from '../../src/native/ngram-settings.js';
import { NgramTable } from '../../src/native/ngram-table.js';
import { NgramTrainer } from '../../src/native/ngram-trainer.js';
import { extractNgrams } from '../../src/text/ngrams/extract-ngrams.js';
import { WordPieceTokenizer } from '../../src/text/tokenizers/wordpiece.js';
import { awkwardText } from '../support/awkward-texts.js';
import { randomSteps, randomTexts } from '../support/ngram-scene.js';
import { type Activity, check, checkEqual, checkFinite, settled } from './activity.js';
import type { Draw } from './draw.js';

const VOCABULARY = fileURLToPath(new URL('../../models/bert-uncased/', import.meta.url));

function drawTexts(draw: Draw, most: number): string[] {
  const count = draw.int(0, most);
  if (draw.chance(0.5)) return randomTexts(count, 15, draw.seed);
  const texts = fc.sample(awkwardText, { seed: draw.seed, numRuns: Math.max(count, 1) });
  return draw.chance(0.1) ? [...texts, texts.join(' ').repeat(20)] : texts;
}

function drawGroup(draw: Draw): NgramSettings {
  const kind = draw.pick(NGRAM_KINDS);
  return { kind, orders: draw.int(1, kind === 'words' ? 3 : 4), limit: draw.pick([1, 5, 80]) };
}

/** Tokens and n-grams of awkward texts: a text has the same alone as among others. */
export const tokens: Activity = async (draw) => {
  const texts = [...drawTexts(draw, 200), 'last'];
  const { kind, orders, limit } = drawGroup(draw);
  const tokenizer = WordPieceTokenizer.fromFile(VOCABULARY);
  const maxTokens = draw.pick([2, 9, 500]);
  const running = settled(tokenizer.encode(texts, { maxTokens, signal: draw.signal() }));
  const features = await settled(extractNgrams(texts, { kind, orders, limit, signal: draw.signal() }));
  const packed = await running;
  const i = draw.int(0, texts.length - 1);
  if (packed) {
    const alone = await tokenizer.encode([texts[i]!], { maxTokens });
    checkEqual(packed.ids.slice(packed.offsets[i], packed.offsets[i + 1]), alone.ids, 'token');
  }
  if (features) {
    const alone = await extractNgrams([texts[i]!], { kind, orders, limit });
    checkEqual(features.ids.slice(features.offsets[i], features.offsets[i + 1]), alone.ids, 'n-gram');
  }
  if (draw.chance(0.8)) await tokenizer.dispose();
};

/** Trains a table of n-gram embeddings, and again from a saved state, which must give the same bytes. */
export const ngramTraining: Activity = async (draw) => {
  const corpus = new NgramCorpus(drawGroup(draw), ...(draw.chance(0.3) ? [drawGroup(draw)] : []));
  for (let i = draw.int(1, 3); i > 0; i--) await settled(corpus.add(drawTexts(draw, 60), { signal: draw.signal() }));
  await corpus.add(['the sea', 'the sun', 'the sea and the sun']);
  const dim = draw.pick([1, 7, 16, 33, 64]);
  const trainer = await NgramTrainer.create(corpus, { dim, minTexts: draw.int(1, 2), seed: draw.seed });
  const count = draw.int(1, 3);
  const steps = { ...randomSteps(trainer.texts, count, draw.pick([1, 2, 9, 30]), draw.seed) };
  steps.mode = draw.pick(INFONCE_MODES);
  const state = await trainer.state();
  const aborted = await settled(trainer.steps(steps, { signal: draw.signal() }));
  await trainer.restore(state);
  const losses = await trainer.steps(steps);
  checkFinite(losses, 'loss');
  if (aborted) checkEqual(aborted, losses, 'loss of the same steps');
  const { keys, rows } = await trainer.table();
  const last = settled(trainer.state());
  trainer.dispose();
  corpus.dispose();
  await last;
  await useTable(draw, dim, keys, rows);
};

/** Encodes and scores texts with a table of any type. */
async function useTable(draw: Draw, dim: number, keys: Uint32Array, rows: Float32Array): Promise<void> {
  const type = draw.pick(['f32', 'f16', 'int8']);
  const data =
    type === 'f32'
      ? { rows }
      : type === 'f16'
        ? { rows: Uint16Array.from(rows, () => draw.int(0, 0x7bff)) }
        : { rows: Int8Array.from(rows, () => draw.int(-127, 127)), scales: draw.floats(keys.length) };
  const table = await NgramTable.create({ dim, keys, ...data });
  const texts = drawTexts(draw, 100);
  const group = drawGroup(draw);
  const [encoded, scored] = await Promise.all([
    settled(table.encode(texts, group, { signal: draw.signal() })),
    settled(table.score(texts, [group], { signal: draw.signal() })),
  ]);
  if (encoded) checkFinite(encoded.embeddings, 'embedding');
  if (scored) checkFinite(scored.scores, 'score');
  const offsets = draw.offsets(draw.int(0, 70), 0, 5);
  const bags = { ids: draw.ints(offsets.at(-1)!, keys.length - 1), offsets };
  const last = settled(table.encodeRows(bags, { normalize: draw.chance(0.5) }));
  if (draw.chance(0.7)) table.dispose();
  await last;
}

/** Fits linear classifiers, and again, which must give the same weights. */
export const classifier: Activity = async (draw) => {
  const corpus = new NgramCorpus(drawGroup(draw));
  await corpus.add(drawTexts(draw, 60));
  const classes = draw.int(1, 5);
  const labels = draw.ints(corpus.size, classes - 1);
  const settings = { minTexts: draw.int(1, 3), maxRows: draw.pick([1, 50, 2 ** 31 - 1]), c: 1, tolerance: 0.01 };
  const fit = (signal?: AbortSignal) =>
    trainLinearSvm(corpus, labels, classes, { ...settings, maxPasses: 50, seed: draw.seed }, { signal });
  const [first, second] = await Promise.all([settled(fit(draw.signal())), fit()]);
  checkFinite(second.weights, 'weight');
  if (first) checkEqual(first.weights, second.weights, 'weight of the same classifier');
  corpus.dispose();
};

/** Fits an n-gram encoder and writes it to a folder. */
export const fit: Activity = async (draw) => {
  const folder = mkdtempSync(join(tmpdir(), 'univar-soak-'));
  try {
    const texts = randomTexts(draw.int(40, 120), 30, draw.seed);
    const valueIds = texts.map((_, i) => `model-${i % draw.pick([2, 5])}`);
    const sizes = { dim: draw.pick([7, 32]), steps: draw.int(1, 20), pairs: draw.pick([2, 17, 40]) };
    const options = { texts, valueIds, base: null, ...sizes, signal: draw.signal() };
    const figures = await settled(fitEncoder(join(folder, 'encoder'), options));
    check(!figures || existsSync(join(folder, 'encoder')), 'no encoder was written');
  } finally {
    rmSync(folder, { recursive: true });
  }
};
