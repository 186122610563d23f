import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { calibrateOnFolds } from '../../../src/identification/classifier/calibrate-on-folds.js';
import { readClassifier, writeClassifier } from '../../../src/identification/classifier/classifier-files.js';
import { fitPair, type LabelledTexts } from '../../../src/identification/classifier/fit-classifier.js';
import { type ClassifierData, ValueClassifier } from '../../../src/identification/classifier/value-classifier.js';
import { seededRandom } from '../../support/random.js';

const OPTIONS = { fit: { base: null, dim: 16, steps: 30, pairs: 32 }, maxAnswers: 10_000, seed: 1 };
const IDS = ['a$eng', 'b$eng', 'c$eng', 'd$eng', 'e$deu', 'f$deu', 'g$deu', 'h$deu'];
const QUESTIONS = 40;

/** Answers in which every value id prefers words of its own, in a share of the places. */
function makeAnswers(share: number, seed: number): LabelledTexts {
  const random = seededRandom(seed);
  const word = (id: number): string =>
    random() < share ? `own${id}x${Math.floor(6 * random())}` : `common${Math.floor(60 * random())}`;
  const rows = IDS.flatMap((valueId, id) =>
    Array.from({ length: QUESTIONS }, (_, q) => ({
      valueId,
      group: `q${q}`,
      text: Array.from({ length: 12 }, () => word(id)).join(' '),
    })),
  );
  return {
    texts: rows.map(({ text }) => text),
    valueIds: rows.map(({ valueId }) => valueId),
    groups: rows.map(({ group }) => group),
  };
}

async function classifierOf(answers: LabelledTexts) {
  const calibration = await calibrateOnFolds(answers, { ...OPTIONS, names: IDS });
  const { encoder, weights, centroids } = await fitPair(answers, [...answers.texts.keys()], OPTIONS);
  const data: ClassifierData = { ...weights, centroids, dim: encoder.dim, calibration };
  return { encoder, data, classifier: await ValueClassifier.create(data) };
}

describe('a classifier', () => {
  let scene: Awaited<ReturnType<typeof classifierOf>>;
  const tested = makeAnswers(0.3, 2);

  beforeAll(async () => {
    scene = await classifierOf(makeAnswers(0.3, 1));
  });
  afterAll(async () => {
    scene.classifier.dispose();
    await scene.encoder.dispose();
  });

  const vectorsOf = async (texts: readonly string[]): Promise<Float32Array> =>
    (await scene.encoder.encode(texts)).embeddings;

  it('gives probabilities that add up to 1 and are as often right as they say', async () => {
    const { texts, valueIds } = tested;
    const found = await scene.classifier.classify(texts, await vectorsOf(texts));
    let expected = 0;
    let right = 0;
    found.forEach(({ unknown, ranking }, i) => {
      expect(ranking.reduce((sum, { probability }) => sum + probability, unknown!)).toBeCloseTo(1, 6);
      expect(ranking).toHaveLength(IDS.length);
      expected += ranking[0]!.probability / (1 - unknown!);
      right += Number(ranking[0]!.valueId === valueIds[i]);
    });
    expect(right / texts.length).toBeGreaterThan(0.7);
    expect(Math.abs(right - expected) / texts.length).toBeLessThan(0.1);
  });

  it('calls texts unknown that share no n-grams with the answers', async () => {
    const texts = ['', '\u0416\u0417\u0418 \u0419\u041b', '\ud800 \u0000'];
    for (const { unknown } of await scene.classifier.classify(texts, await vectorsOf(texts)))
      expect(unknown).toBeGreaterThan(0.9);
  });

  it('is surer of several texts together than of one', async () => {
    const texts = tested.texts.slice(0, 10);
    const vectors = await vectorsOf(texts);
    const [together] = await scene.classifier.classify(texts, vectors, { together: true });
    const single = await scene.classifier.classify(texts, vectors);
    expect(together!.ranking[0]!.valueId).toBe(tested.valueIds[0]);
    const mean = single.reduce((sum, { ranking }) => sum + ranking[0]!.probability, 0) / single.length;
    expect(together!.ranking[0]!.probability).toBeGreaterThan(mean);
    expect(await scene.classifier.classify([], new Float32Array(), { together: true })).toEqual([]);
  });

  it('limits the value ids to those of a filter', async () => {
    const texts = tested.texts.slice(0, 1);
    const vectors = await vectorsOf(texts);
    const [found] = await scene.classifier.classify(texts, vectors, { filter: { lang: 'deu' } });
    expect(found!.ranking.map(({ valueId }) => valueId).sort()).toEqual(IDS.slice(4));
    // A model whose answers were added after the fit.
    const later = await scene.classifier.classify(texts, vectors, { filter: { model: 'gpt' } });
    expect(later).toEqual([{ unknown: 1, ranking: [] }]);
    const model = new Array<string>(2 ** 32 - 1); // reading it would take hours
    await expect(scene.classifier.classify(texts, vectors, { filter: { model } })).rejects.toMatchObject({
      code: 'ERR_ARG_TYPE',
    });
  });

  it('classifies the same after it was written and read, and refuses damaged files', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'univar-classifier-'));
    try {
      await writeClassifier(folder, scene.data);
      const read = await ValueClassifier.create(await readClassifier(folder));
      const texts = tested.texts.slice(0, 5);
      const vectors = await vectorsOf(texts);
      expect(await read.classify(texts, vectors)).toEqual(await scene.classifier.classify(texts, vectors));
      read.dispose();

      const config = join(folder, 'classifier.json');
      const good = await readFile(config, 'utf8');
      for (const [from, to, message] of [
        ['"univar-classifier"', '"other"', /"model_type"/],
        ['"ngrams-1"', '"ngrams-2"', /features "ngrams-2", but this release computes "ngrams-1"/],
        ['"a$eng"', '"b$eng"', /"valueIds" is damaged/],
        ['"a$eng",', '', /expected the shape/],
        ['"texts":1', '"texts":null', /"calibration" is damaged/],
        ['"profiles":true', '"profiles":1', /"calibration" is damaged/],
        ['{', '[', /JSON/],
      ] as const) {
        await writeFile(config, good.replace(from, to));
        await expect(readClassifier(folder)).rejects.toThrow(message);
      }
      // The odds of unknown authors had other features in earlier fits.
      await writeFile(config, good.replaceAll(/"unknown":\{[^}]*\}/g, '"unknown":{"weights":[1,-2,3],"bias":0}'));
      const earlier = await ValueClassifier.create(await readClassifier(folder));
      const [found] = await earlier.classify(texts, vectors);
      expect(found!.unknown).toBeNull();
      earlier.dispose();
      await writeFile(config, good);
      await truncate(join(folder, 'classifier.safetensors'), 1000);
      await expect(readClassifier(folder)).rejects.toMatchObject({ code: 'ERR_DATA' });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

it('stays at chance if the value ids are shuffled', async () => {
  const answers = makeAnswers(0.3, 1);
  const shift = answers.valueIds.map((_, row) => IDS[Math.floor(row / QUESTIONS + row) % IDS.length]!);
  const { encoder, classifier } = await classifierOf({ ...answers, valueIds: shift });
  const { texts, groups } = makeAnswers(0.3, 3);
  const found = await classifier.classify(texts, (await encoder.encode(texts)).embeddings);
  const mean =
    found.reduce((sum, { ranking, unknown }) => sum + ranking[0]!.probability / (1 - (unknown ?? 0)), 0) /
    groups.length;
  expect(mean).toBeLessThan(0.35);
  classifier.dispose();
  await encoder.dispose();
});
