/**
 * Answers whose content is given: essays that a program paraphrased, and paragraphs of people that models rewrote. Who
 * is recognised by a rewritten paragraph is recognised by style, and what a paraphrase hides was wording.
 */
import { join } from 'node:path';

import { BASES_KEY } from '../../base/fold-bases.js';
import type { Lab } from '../lab.js';
import { sklearnVersion } from '../linear-svc.js';
import { percent, percentWith, table } from '../pages.js';
import { readSource, sampleThemes, splitSource } from '../sources.js';
import { type CrossFigures, crossTest, halfOf, METHODS, type MethodName } from '../style/cross-test.js';
import { SEED } from '../value-sets.js';
import type { Outcome } from './part.js';

const ESSAYS = 'outfox_essays';
const PARAGRAPHS = 'l2r_rewrites';
/** The names of models whose essays DIPPER paraphrased end with this. */
const PARAPHRASED = '-dipper';
const PARAGRAPH_ANSWERS = 8000;
const LEARNED = 'paraphrases, trained on paraphrases';

interface RewriteFigures {
  valueIds: number;
  voting: number;
  tested: Record<string, number>;
  figures: CrossFigures;
}

export async function rewrites(lab: Lab): Promise<Outcome> {
  const essays = await testParaphrases(lab);
  const paragraphs = await testParagraphs(lab);
  return {
    result: { essays, paragraphs },
    sections: [
      {
        page: 'evidence',
        name: 'rewrites',
        markdown: [describe(essays, ESSAYS), describe(paragraphs, PARAGRAPHS)].join('\n'),
      },
    ],
    plots: {},
  };
}

function describe({ valueIds, voting, tested, figures }: RewriteFigures, name: string): string {
  const kinds = Object.keys(tested);
  const counts = Math.max(...Object.values(tested));
  return [
    `\`${name}\`, ${valueIds} models, chance ${percent(1 / valueIds)}, ${voting} texts vote, ${counts} are tested:`,
    '',
    table(
      ['method', ...kinds],
      Object.entries(figures).map(([method, own]) => [
        METHODS[method as MethodName],
        ...kinds.map((kind) => percentWith(own[kind]!.balancedAccuracy, halfOf(own[kind]!))),
      ]),
    ),
  ].join('\n');
}

/** Trains on essays as they are, and tests essays on other questions and their paraphrases; then on paraphrases. */
async function testParaphrases(lab: Lab): Promise<RewriteFigures> {
  const all = await read(lab, ESSAYS, Infinity);
  const isParaphrase = (model: string): boolean => model.endsWith(PARAPHRASED);
  const paraphrased = new Set(
    all.records.flatMap(({ model }) => (isParaphrase(model) ? [model.slice(0, -PARAPHRASED.length)] : [])),
  );
  const records = all.records.filter(({ model }) => paraphrased.has(model) || isParaphrase(model));
  const authors = records.map(({ model }) => (isParaphrase(model) ? model.slice(0, -PARAPHRASED.length) : model));
  const groups = records.map(({ group }) => group!);
  const { split } = splitSource({ name: ESSAYS, records, labels: authors, groups }, SEED);
  // Essays without a paraphrase would make the tested ones differ in their questions.
  const questions = new Set(records.filter(({ model }) => isParaphrase(model)).map(({ qid }) => qid));
  const tested = split.test.filter((row) => questions.has(records[row]!.qid));
  const tests = {
    essays: tested.filter((row) => !isParaphrase(records[row]!.model)),
    paraphrases: tested.filter((row) => isParaphrase(records[row]!.model)),
  };
  const trained = (kind: (model: string) => boolean) => split.train.filter((row) => kind(records[row]!.model));
  const rows = { texts: records.map(({ answer }) => answer), labels: authors, groups };
  const figures = await testRows(
    lab,
    ESSAYS,
    rows,
    trained((model) => !isParaphrase(model)),
    tests,
  );
  // What a paraphrase leaves of an author can be learned from other paraphrases.
  const learned = await testRows(lab, ESSAYS, rows, trained(isParaphrase), { [LEARNED]: tests.paraphrases });
  return {
    ...figures,
    tested: { ...figures.tested, ...learned.tested },
    figures: Object.fromEntries(
      Object.entries(figures.figures).map(([method, own]) => [
        method,
        { ...own, ...learned.figures[method as MethodName] },
      ]),
    ),
  };
}

/** Tests who rewrote a paragraph that is the same for all. */
async function testParagraphs(lab: Lab): Promise<RewriteFigures> {
  const { records, labels, groups } = await read(lab, PARAGRAPHS, PARAGRAPH_ANSWERS);
  const { split } = splitSource({ name: PARAGRAPHS, records, labels, groups }, SEED);
  const texts = records.map(({ answer }) => answer);
  return testRows(lab, PARAGRAPHS, { texts, labels, groups }, split.train, { rewritten: split.test });
}

async function read(lab: Lab, name: string, answers: number): ReturnType<typeof readSource> {
  const limits = { ...lab.scale.sources, answers: Infinity };
  const rows = await readSource(name, limits, join(lab.options.data, 'qa'));
  // At a tiny scale, both sets are tiny.
  const records = sampleThemes(rows.records, Math.min(answers, 4 * lab.scale.sources.answers));
  return { ...rows, records, labels: records.map(({ model }) => model), groups: records.map(({ group }) => group!) };
}

async function testRows(
  lab: Lab,
  name: string,
  rows: { texts: string[]; labels: string[]; groups: string[] },
  train: Int32Array,
  tests: Record<string, Int32Array>,
): Promise<RewriteFigures> {
  const base = await lab.baseWithout(name);
  const key = [BASES_KEY, sklearnVersion(), rows, [...train], tests];
  const figures = await lab.cache.json(`rewrites/${name}`, key, () => crossTest(rows, { train, tests, base }));
  lab.log(`${name}: ${JSON.stringify(figures.classifier)}`);
  return {
    valueIds: new Set(Array.from(train, (row) => rows.labels[row]!)).size,
    voting: train.length,
    tested: Object.fromEntries(Object.entries(tests).map(([kind, own]) => [kind, own.length])),
    figures,
  };
}
