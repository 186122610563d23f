/** Checks the training data of univar-mini. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';
import { writeMiniCard } from '../../bench/evidence/mini-card.js';
import { quickstartGroups, readMiniData } from '../../bench/evidence/mini-data.js';
import { checkFiles, readRecipe } from '../../bench/evidence/mini-recipe.js';
import { testedGroups } from '../../bench/evidence/value-sets.js';
import type { QaRecord } from '../../src/records/record.js';
import { resolveTrainSettings } from '../../src/training/settings.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ANSWERS = join(ROOT, '../shared/data/qa');

describe('the recipe of univar-mini', () => {
  const { recipe } = readRecipe();

  it('uses only permissively licensed data, all named in NOTICE', () => {
    const notice = readFileSync(join(ROOT, 'NOTICE'), 'utf8');
    expect(recipe.data.length).toBeGreaterThan(0);
    for (const { licence, source, snapshot } of [
      ...recipe.data,
      { ...recipe.encoder, source: recipe.encoder.name, snapshot: '' },
    ]) {
      expect(['Apache-2.0', 'MIT', 'CC-BY-4.0']).toContain(licence);
      expect(notice).toContain(source.replace('https://github.com/', ''));
      expect(notice).toContain(snapshot);
    }
  });

  it('gives a card with every set, its licence and the evaluated sets', () => {
    const folder = `${temporaryFolder()}/`;
    const names = [...recipe.data.map(({ set }) => set), 'xstest_safety', 'lima_control'];
    const figures = (knn: number) => Object.fromEntries(names.map((name) => [name, { knn, probe: knn / 2 }]));
    writeMiniCard(folder, recipe, {
      command: 'npm run train:mini',
      machine: { cpu: 'Some CPU', cores: 2, memoryGiB: 8, variant: 'AVX2', node: '20.17.0', commit: 'abc1234' },
      recipeSha256: '',
      training: {
        rows: 7230,
        validationRows: 915,
        valueIds: 53,
        steps: 800,
        tokens: 9_000_000,
        seconds: 61.6,
        best: undefined,
      },
      rounding: [{ texts: 400, products: 'f32', mean: 0.99912, least: 0.99834 }],
      sets: names.map((name) => ({ name, valueIds: 5, train: 900, test: 400, chance: 0.2, tfidf: 0.5 })),
      base: figures(0.3),
      figures: figures(0.44),
    });
    const card = readFileSync(join(folder, 'README.md'), 'utf8');
    for (const { set, source, snapshot, licence } of recipe.data) {
      expect(card).toContain(`| ${set} | ${source} | ${snapshot} | ${licence} |`);
      expect(card).toContain(`| ${set} | 5 | 900 | 400 | 20.0 | 50.0 | 30.0 | 44.0 | 15.0 | 22.0 |`);
    }
    for (const name of ['xstest_safety', 'lima_control']) expect(card).toContain(`| ${name} * | 5 |`);
    expect(card).toContain('| mean of the other value sets |  |  |  | 20.0 | 50.0 | 30.0 | 44.0 | 15.0 | 22.0 |');
    expect(card).toContain('Commit abc1234, Some CPU, 2 threads');
    expect(card).not.toMatch(/undefined|NaN|\[object/);
  });

  it('has settings that training accepts', () => {
    expect(resolveTrainSettings({ ...recipe.training, data: ['x'], encoder: 'x', out: 'x' })).toMatchObject(
      recipe.training,
    );
  });

  it.skipIf(!existsSync(ANSWERS))(
    'leaves out tested questions, and answers in other languages (skipped where ../shared/data is absent)',
    async () => {
      await checkFiles(recipe);
      const { evaluated, tested, folder } = await readMiniData(recipe, temporaryFolder());
      const files = readdirSync(folder);
      expect(files.sort()).toEqual(recipe.data.map(({ set }) => `${set}.jsonl`).sort());
      const quickstart = await quickstartGroups();
      expect(quickstart.length).toBeGreaterThan(0);
      for (const group of [...testedGroups(evaluated), ...quickstart]) expect(tested).toContain(group);
      for (const file of files) {
        const rows = readFileSync(join(folder, file), 'utf8')
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as QaRecord);
        expect(rows.length).toBeGreaterThan(100);
        expect(rows.filter(({ group }) => tested.has(group!))).toEqual([]);
        // The answers to Russian prompts are English translations.
        if (file !== 'political_prompts_eng_rus.jsonl')
          expect(new Set(rows.map(({ lang }) => lang))).toEqual(new Set(['eng']));
      }
    },
  );
});
