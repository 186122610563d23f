/**
 * Checks the test of `univar compare` on answers of models, for docs/compare.md: how often it finds a difference
 * between two samples of one model, and how its power compares with that of the energy distance. Takes a few minutes.
 *
 *   npx tsx bench/comparison/check-tests.ts
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { compareAnswers } from '../../src/comparison/compare-answers.js';
import type { AnswerSide } from '../../src/comparison/paired-answers.js';
import { SeededRandom } from '../../src/core/random.js';
import { markdownTable } from '../../src/evaluation/markdown-table.js';
import { readSides } from '../../src/pipeline/comparison/read-sides.js';
import { gatherRows } from '../../src/search/gather-rows.js';
import { themeInSource } from '../evidence/sources.js';
import { differenceOfMeans, energyDistance, type Kernel, swapTest } from './swap-test.js';

const QA = fileURLToPath(new URL('../../../shared/data/qa/', import.meta.url));
/** Sets with several answers of a model to a question. */
const SAMPLED = [
  'political_prompts_eng_rus',
  'everyday_dilemmas_por_spa',
  'political_compass_en_fr',
  'independence_identity',
];
/** Sets of value questions that univar-base was not trained on. */
const UNSEEN = ['political_compass_open', 'do_not_answer_multi', 'controversial_topics_por'];
const MIN_QUESTIONS = 20;
const TRIALS = 1000;
const SWAPS = 400;
const SIZES = [6, 12, 24];
const LEVEL = 0.05;

/** Reads all value ids of a set. */
async function readSet(name: string) {
  const read = await readSides({ source: join(QA, `${name}.jsonl.gz`), by: 'valueId' });
  const { encoder, sampled, seen } = read.seen!;
  console.error(`${name}: ${read.sides.length} value ids; ${encoder} was trained on ${seen} of ${sampled} answers`);
  return read;
}

/**
 * Splits the answers of a model into its first and second answers to every question.
 *
 * @param random exchanges the two for half of the themes. Without it, each sample keeps the order of the file
 */
function twoSamples(
  { name, records, embeddings }: AnswerSide,
  dim: number,
  random?: SeededRandom,
): [AnswerSide, AnswerSide] {
  const isExchanged = new Map(
    [...new Set(records.map(({ qid }) => themeInSource(qid)))].map((theme) => [theme, random?.integer(2) ?? 0]),
  );
  const rowsOf = new Map<string, number[]>();
  records.forEach(({ qid }, row) => rowsOf.set(qid, [...(rowsOf.get(qid) ?? []), row]));
  const sample = (number: 0 | 1): AnswerSide => {
    const rows = [...rowsOf].flatMap(([qid, own]) =>
      own.length < 2 ? [] : own[number ^ isExchanged.get(themeInSource(qid))!]!,
    );
    return {
      name: `${name} ${number}`,
      records: rows.map((row) => ({ ...records[row]!, group: themeInSource(records[row]!.qid) })),
      embeddings: gatherRows(embeddings, dim, Int32Array.from(rows)),
    };
  };
  return [sample(0), sample(1)];
}

async function compareModelsWithThemselves(): Promise<void> {
  const rows: string[][] = [];
  for (const set of SAMPLED) {
    const { sides, dim } = await readSet(set);
    const random = new SeededRandom(1);
    let [models, found, foundExchanged, accuracy] = [0, 0, 0, 0];
    for (const side of sides) {
      const [a, b] = twoSamples(side, dim);
      if (b.records.length < MIN_QUESTIONS) continue;
      const options = { dim, phrases: 0, bootstrapSamples: 0 };
      const { difference, classifier } = await compareAnswers(a, b, options);
      const exchanged = await compareAnswers(...twoSamples(side, dim, random), options);
      models += 1;
      found += Number(difference.p <= LEVEL);
      foundExchanged += Number(exchanged.difference.p <= LEVEL);
      accuracy += classifier.accuracy;
    }
    rows.push([set, ...[models, found, foundExchanged].map(String), `${((100 * accuracy) / models).toFixed(1)} %`]);
  }
  console.log(`${markdownTable(['set', 'value ids', `p <= ${LEVEL}`, 'exchanged at random', 'told apart'], rows)}\n`);
}

const KERNELS: Record<string, Kernel> = {
  'difference of means': differenceOfMeans,
  'energy distance': energyDistance,
};

/** Compares random pairs of value ids of one language on random questions, one answer of each. */
async function measurePower(): Promise<void> {
  const found = SIZES.map(() => Object.keys(KERNELS).map(() => 0));
  for (const set of UNSEEN) {
    const { sides, dim } = await readSet(set);
    const random = new SeededRandom(1);
    for (let trial = 0; trial < TRIALS; ) {
      const [a, b] = [sides[random.integer(sides.length)]!, sides[random.integer(sides.length)]!];
      if (a === b || a.records[0]!.lang !== b.records[0]!.lang) continue;
      const rows = commonRows(a, b, random);
      if (rows.length < SIZES.at(-1)!) continue;
      trial++;
      SIZES.forEach((size, i) => {
        const vectors = ([0, 1] as const).map((side) =>
          rows.slice(0, size).map((row) => {
            const { embeddings } = [a, b][side]!;
            return embeddings.subarray(row[side] * dim, (row[side] + 1) * dim);
          }),
        ) as [Float32Array[], Float32Array[]];
        Object.values(KERNELS).forEach((kernel, k) => {
          if (swapTest(kernel(...vectors), SWAPS, SeededRandom.stream(trial, i)) <= LEVEL) found[i]![k]! += 1;
        });
      });
    }
  }
  const share = (count: number): string => `${((100 * count) / (TRIALS * UNSEEN.length)).toFixed(1)} %`;
  console.log(
    markdownTable(
      ['questions', ...Object.keys(KERNELS)],
      SIZES.map((size, i) => [String(size), ...found[i]!.map(share)]),
    ),
  );
}

/** Returns the first answers of both to common questions in random order, one question per theme. */
function commonRows(a: AnswerSide, b: AnswerSide, random: SeededRandom): [number, number][] {
  const rowsOf = ({ records }: AnswerSide): Map<string, number> =>
    new Map(records.map(({ qid }, row) => [qid, row] as const).reverse());
  const [ofA, ofB] = [rowsOf(a), rowsOf(b)];
  const themes = new Map<string, [number, number]>();
  for (const qid of random.shuffle([...ofA.keys()].filter((own) => ofB.has(own)).sort()))
    themes.set(themeInSource(qid), [ofA.get(qid)!, ofB.get(qid)!]);
  return random.shuffle([...themes.values()]);
}

await compareModelsWithThemselves();
await measurePower();
