/** Training and test data of univar-mini. */
import { SAMPLE, SAMPLE_SPLIT } from '../../src/cli/quickstart/sample.js';
import { labelRecords } from '../../src/evaluation/dataset.js';
import { prepareRows } from '../../src/evaluation/prepare.js';
import { readRecords } from '../../src/records/read-records.js';
import type { QaRecord } from '../../src/records/record.js';
import type { MiniRecipe } from './mini-recipe.js';
import {
  CONTROL_SET,
  readValueSet,
  testedGroups,
  themeOf,
  VALUE_SETS,
  type ValueSet,
  writeTrainingFiles,
} from './value-sets.js';

export interface MiniData {
  /** All sets of the evidence, whether trained on or not. */
  evaluated: ValueSet[];
  /**
   * Questions, or their themes, that must not be in the training data: those tested by these sets and by the
   * quickstart.
   */
  tested: ReadonlySet<string>;
  /** Folder of the training files, one per set of the recipe. */
  folder: string;
}

/** Reads the sets and writes the training files. */
export async function readMiniData(recipe: MiniRecipe, folder: string): Promise<MiniData> {
  const evaluated = await Promise.all([...VALUE_SETS, CONTROL_SET].map((name) => readValueSet(name)));
  const trainedOn = await Promise.all(recipe.data.map(({ set }) => readValueSet(set)));
  const tested = new Set([...testedGroups(evaluated), ...(await quickstartGroups())]);
  return { evaluated, tested, folder: writeTrainingFiles(folder, trainedOn, tested) };
}

/** Returns the questions whose answers the quickstart identifies. */
export async function quickstartGroups(): Promise<string[]> {
  const records: QaRecord[] = [];
  for await (const batch of readRecords([SAMPLE])) records.push(...batch.records);
  const labelled = labelRecords(records);
  return Array.from(prepareRows(labelled, SAMPLE_SPLIT).test, (row) => themeOf(labelled.groups[row]!));
}
