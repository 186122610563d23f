/** Measures variants of the base encoder on sources that they were not trained on. */
import { fileURLToPath } from 'node:url';

import { describeMachine, type Machine } from '../../packages/bench-gate/src/report/results-file.js';
import { readNgramConfig, readNgramTable } from '../../src/encoder/ngrams/ngram-folder.js';
import { evaluateKnn } from '../../src/evaluation/knn.js';
import { capabilities } from '../../src/native/capabilities.js';
import { NgramTable } from '../../src/native/ngram-table.js';
import { Cache } from '../evidence/cache.js';
import { SCALES } from '../evidence/configurations.js';
import { mean } from '../evidence/identify-answers.js';
import { readSource, SOURCES, splitSource } from '../evidence/sources.js';
import type { ValueSet } from '../evidence/value-sets.js';
import { QA } from './base-sets.js';
import { baseWithout, foldOf } from './fold-bases.js';
import { BASE_SETS, SETTINGS } from './recipe.js';
import { type TrainedVariant, VariantTrainer } from './train-variants.js';
import { featuresOf } from './variant-features.js';
import { makeTable, type Storage, tableBytes, withRandomRows } from './variant-tables.js';
import { RECIPE_TITLE, VARIANT_STEPS, VARIANTS, type Variant } from './variants.js';

const OUT = fileURLToPath(new URL('../../out/base', import.meta.url));
/** The variants are trained without the sets of this fold, and tested on them and on sources that no base has seen. */
const FOLD = 0;
const SEED = 1;
const K = 10;
/** Sets of the training data whose questions are about values. */
const ABOUT_VALUES: ReadonlySet<string> = new Set([
  'independence_identity',
  'political_opinions_spa',
  'political_prompts_eng_rus',
  'redteam_safety',
  'sycon_values',
  'whistleblowing_dilemmas',
]);

export interface MeasuredVariant {
  title: string;
  /** Rows of the table. */
  ngrams: number;
  bytes: number;
  /** Processor seconds of the training; null if they are those of another row. */
  seconds: number | null;
  /** Balanced accuracy by source. */
  accuracies: Record<string, number>;
  mean: number;
}

export interface VariantResults {
  command: string;
  machine: Machine;
  steps: number;
  k: number;
  variants: MeasuredVariant[];
}

/** Trains and measures all variants. Results are cached by their settings, so that an interrupted run resumes. */
export async function compareVariants(root: string, log: (text: string) => void): Promise<VariantResults> {
  const sources = await readSources();
  const cache = new Cache(OUT);
  const trainer = new VariantTrainer(log);
  const variants: MeasuredVariant[] = [];
  try {
    for (const variant of VARIANTS) {
      const sets = BASE_SETS.map(({ set }) => set).filter(
        (set) => foldOf(set) !== FOLD && (!variant.valuesOnly || ABOUT_VALUES.has(set)),
      );
      const settings = [variant, sets, sources.map(({ name }) => name), K];
      const name = `variants/${variant.title.replaceAll(/[^a-z0-9]+/g, '-')}`;
      const measured = await cache.json(name, settings, async () => {
        const trained = await trainer.train(variant, sets);
        return measureForms(variant, trained, sources);
      });
      for (const { title, mean: accuracy } of measured) log(`${title}: ${(100 * accuracy).toFixed(1)} %`);
      variants.push(...measured);
    }
  } finally {
    trainer.close();
  }
  variants.push(await cache.json('variants/recipe-steps', [SETTINGS], () => measureRecipe(sources, log)));
  const command = 'npm run train:default -- --variants';
  const machine = await describeMachine(root, { variant: capabilities().simd });
  return { command, machine, steps: VARIANT_STEPS, k: K, variants };
}

/** Reads the sources that a base without the fold has not seen, each with one split. */
async function readSources(): Promise<ValueSet[]> {
  const sources: ValueSet[] = [];
  for (const name of SOURCES) {
    if ((foldOf(name) ?? FOLD) === FOLD)
      sources.push(splitSource(await readSource(name, SCALES.full.sources, QA), SEED));
  }
  return sources;
}

/** Measures a trained table, and the one of the recipe also in other forms. */
async function measureForms(
  variant: Variant,
  { weights, seconds }: TrainedVariant,
  sources: readonly ValueSet[],
): Promise<MeasuredVariant[]> {
  const { title, dim, features } = variant;
  const ngrams = weights.keys.length;
  const measure = async (
    own: Pick<MeasuredVariant, 'title' | 'seconds'>,
    storage: Storage,
    tableFor: (texts: readonly string[]) => Promise<NgramTable>,
  ): Promise<MeasuredVariant> => {
    const bytes = tableBytes(ngrams, dim, storage, features !== 'hashed');
    return { ...own, ngrams, bytes, ...(await accuracies(variant, sources, tableFor)) };
  };
  const stored = (storage: Storage) => () => makeTable(weights, dim, storage);
  const measured = [await measure({ title, seconds }, 'int8', stored('int8'))];
  if (title !== RECIPE_TITLE) return measured;
  for (const storage of ['float32', 'int4'] as const)
    measured.push(await measure({ title: `table of ${storage}`, seconds: null }, storage, stored(storage)));
  const random = (texts: readonly string[]) => withRandomRows(weights, dim, texts, featuresOf(variant));
  measured.push(await measure({ title: 'random vectors for unseen n-grams', seconds: null }, 'int8', random));
  return measured;
}

/** Measures the base that the evidence uses for the fold, which has all steps of the recipe. */
async function measureRecipe(sources: readonly ValueSet[], log: (text: string) => void): Promise<MeasuredVariant> {
  const folder = await baseWithout(sources[0]!.name, log);
  const config = await readNgramConfig(folder);
  const data = await readNgramTable(folder, config);
  const ngrams = data.keys!.length;
  const found = await accuracies(VARIANTS[0]!, sources, () => NgramTable.create(data));
  const title = `the recipe, ${SETTINGS.steps.toLocaleString('en')} steps`;
  return { title, ngrams, bytes: tableBytes(ngrams, config.dim, 'int8', true), seconds: null, ...found };
}

async function accuracies(
  variant: Variant,
  sources: readonly ValueSet[],
  tableFor: (texts: readonly string[]) => Promise<NgramTable>,
): Promise<Pick<MeasuredVariant, 'accuracies' | 'mean'>> {
  const { settings, rewrite } = featuresOf(variant);
  const found: Record<string, number> = {};
  for (const { name, records, labels, groups, split } of sources) {
    const texts = await rewrite(records.map(({ answer }) => answer));
    const table = await tableFor(texts);
    try {
      const { embeddings } = await table.encode(texts, settings);
      const data = { embeddings, dim: table.dim, labels, groups };
      const { balancedAccuracy } = await evaluateKnn(data, { split, k: K, sweep: [], bootstrapSamples: 0 });
      found[name] = balancedAccuracy;
    } finally {
      table.dispose();
    }
  }
  return { accuracies: found, mean: mean(Object.values(found)) };
}
