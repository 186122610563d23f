/**
 * Value ids of one model in several languages: distances of their centroids, and identification across them. Only
 * questions asked in several languages are used. Answers are in the language of the question, except in
 * political_prompts_eng_rus, which is all English.
 */
import { splitValueId } from '../../../src/core/value-id.js';
import { evaluateKnn } from '../../../src/evaluation/knn.js';
import { WordPieceTokenizer } from '../../../src/text/tokenizers/wordpiece.js';
import {
  type AnswerPair,
  type Centroids,
  centroidDistances,
  extremePairs,
  languageDistances,
  neighbourhood,
  selectIds,
} from '../centroids.js';
import { rowsOf } from '../identify-answers.js';
import { FROZEN, type Lab } from '../lab.js';
import { firstCharacters, percent, quote, table } from '../pages.js';
import { plotDistances } from '../plots.js';
import { withoutFormatting } from '../style/treatments.js';
import type { ValueSet } from '../value-sets.js';
import { MAIN, type Outcome, titleOf } from './part.js';

const SETS = [
  'government_criticism',
  'do_not_answer_multi',
  'hate_speech_response_4lang',
  'political_prompts_eng_rus',
] as const;
const EMBEDDERS = [FROZEN, MAIN] as const;
/** The licence (Apache-2.0) allows printing the answers of this set. */
const PRINTED_SET = 'government_criticism';
const PRINTED_CHARACTERS = 260;
/** Number of neighbours that vote. It is small because value ids of languages other than English have few answers. */
const K = 10;
const MAX_IDS_IN_PLOT = 24;

export async function languages(lab: Lab): Promise<Outcome> {
  const plots: Record<string, string> = {};
  const found = [];
  for (const name of SETS) {
    const set = await lab.sample(name, lab.scale.main, 'parallel');
    for (const embedder of EMBEDDERS) {
      const one = await compareLanguages(lab, embedder, set);
      found.push({ name, embedder, ...one });
      if (embedder === MAIN) {
        const { ids, distances } = idsForPlot(one.centroids);
        plots[`languages-${name}.svg`] = plotDistances(
          ids.map((id) => id.replace('$', ' · ')),
          distances,
          {
            title: name,
            subtitle: 'Distance between the mean answers of value ids to held-out questions: dark is near',
          },
        );
      }
      lab.log(`${embedder} on the languages of ${name}: done`);
    }
  }
  const unknown = await unknownTokens(lab);
  const example = await nearestAndFarthest(lab);
  return {
    result: {
      sets: found.map(({ centroids, ...one }) => ({ ...one, valueIds: centroids.ids.length, ...drawn(centroids) })),
      unknown,
      example,
    },
    sections: [
      {
        page: 'evidence',
        name: 'languages',
        markdown: [
          table(
            [
              'set',
              'encoder',
              'ids',
              'nearest id: same model',
              'by chance',
              'nearest id: same language',
              'by chance',
              'distance: same model',
              'same language',
              'neither',
            ],
            found.map(({ name, embedder, centroids, near }) => [
              name,
              titleOf(embedder),
              String(centroids.ids.length),
              percent(near.nearestSameModel),
              percent(near.chanceSameModel),
              percent(near.nearestSameLanguage),
              percent(near.chanceSameLanguage),
              ...[near.sameModel, near.sameLanguage, near.neither].map((distance) => distance?.toFixed(3) ?? '-'),
            ]),
            2,
          ),
          'Identified by kNN (balanced accuracy in %, chance in brackets):\n',
          table(
            ['set', 'encoder', 'value id', 'its language', 'its model'],
            found.map(({ name, embedder, knn }) => [
              name,
              titleOf(embedder),
              ...[knn.valueId, knn.lang, knn.model].map((figure) =>
                figure ? `${percent(figure.share)} (${percent(figure.chance)})` : '-',
              ),
            ]),
            2,
          ),
          'Mean distance between two languages of one model, nearest first:\n',
          table(
            ['set', 'encoder', 'languages'],
            found.map(({ name, embedder, between }) => [
              name,
              titleOf(embedder),
              Object.entries(between)
                .sort((a, b) => a[1].distance - b[1].distance)
                .map(([pair, { distance, models }]) => `${pair} ${distance.toFixed(2)} (${models})`)
                .join(', '),
            ]),
            3,
          ),
          ...SETS.map((name) => `![Distances in ${name}](evidence/languages-${name}.svg)\n`),
        ].join('\n'),
      },
      {
        page: 'evidence',
        name: 'unknown tokens',
        markdown: table(
          [
            'language',
            'answers',
            'unknown tokens, %',
            'characters per token',
            `answers cut at ${lab.tokens} tokens, %`,
          ],
          unknown.map(({ lang, answers, share, charactersPerToken, cut }) => [
            lang,
            String(answers),
            percent(share),
            charactersPerToken.toFixed(2),
            percent(cut),
          ]),
        ),
      },
      { page: 'evidence', name: 'nearest and farthest', markdown: exampleMarkdown(example) },
    ],
    plots,
  };
}

async function compareLanguages(lab: Lab, embedder: string, set: ValueSet) {
  const rows = rowsOf(set);
  const all = await lab.embed(embedder, rows.inputs);
  const { test } = rows.split;
  const heldOut = { dim: all.dim, embeddings: gather(all.embeddings, all.dim, test) };
  const centroids = centroidDistances(
    heldOut,
    Array.from(test, (row) => rows.labels[row]!),
  );
  const { balancedAccuracy, chance, byLang, byModel } = await evaluateKnn(
    { ...all, labels: rows.labels, groups: rows.groups },
    { split: rows.split, k: K, sweep: [], bootstrapSamples: 0 },
  );
  const figure = (merged: { balancedAccuracy: number; chance: number } | null) =>
    merged && { share: merged.balancedAccuracy, chance: merged.chance };
  return {
    centroids,
    near: neighbourhood(centroids),
    between: languageDistances(centroids),
    knn: { valueId: figure({ balancedAccuracy, chance }), lang: figure(byLang), model: figure(byModel) },
  };
}

function gather(matrix: Float32Array, dim: number, rows: Int32Array): Float32Array {
  const out = new Float32Array(rows.length * dim);
  rows.forEach((row, i) => out.set(matrix.subarray(row * dim, (row + 1) * dim), i * dim));
  return out;
}

/**
 * Returns all ids. If they are too many for a plot, returns models that have all languages, evenly spaced in the list
 * of names.
 */
function idsForPlot(centroids: Centroids): Centroids {
  if (centroids.ids.length <= MAX_IDS_IN_PLOT) return centroids;
  const parts = centroids.ids.map(splitValueId);
  const langs = new Set(parts.map(({ lang }) => lang)).size;
  const complete = [...new Set(parts.map(({ model }) => model))]
    .filter((model) => parts.filter((part) => part.model === model).length === langs)
    .sort();
  const wanted = Math.min(complete.length, Math.floor(MAX_IDS_IN_PLOT / langs));
  const models = new Set(
    Array.from({ length: wanted }, (_, i) => complete[Math.floor((i * complete.length) / wanted)]!),
  );
  return models.size < 2 ? centroids : selectIds(centroids, (id) => models.has(splitValueId(id).model));
}

/** Returns the data of a plot, for the results. */
function drawn(centroids: Centroids): { ids: string[]; distances: number[] } {
  const { ids, distances } = idsForPlot(centroids);
  return { ids, distances: Array.from(distances, (distance) => Math.round(1e4 * distance) / 1e4) };
}

/** Measures how much of the answers in each language the tokenizer of the encoder knows. */
async function unknownTokens(lab: Lab) {
  const tokenizer = WordPieceTokenizer.fromFile(lab.options.encoder);
  const unknown = lab.unknownToken();
  const specials = tokenizer.before.length + tokenizer.after.length;
  const sums = new Map<string, { answers: number; tokens: number; unknown: number; characters: number; cut: number }>();
  try {
    for (const name of SETS) {
      const { records } = await lab.sample(name, lab.scale.main, 'parallel');
      const { ids, offsets } = await tokenizer.encode(
        records.map(({ answer }) => answer),
        { maxTokens: 8192 },
      );
      records.forEach(({ lang, answer }, row) => {
        // The answers to Russian questions are English.
        const language = name === 'political_prompts_eng_rus' ? 'eng' : lang;
        const sum = sums.get(language) ?? { answers: 0, tokens: 0, unknown: 0, characters: 0, cut: 0 };
        sums.set(language, sum);
        const own = ids.subarray(offsets[row], offsets[row + 1]);
        sum.answers += 1;
        sum.tokens += own.length - specials;
        sum.unknown += own.filter((id) => id === unknown).length;
        sum.characters += answer.length;
        sum.cut += Number(own.length > lab.tokens);
      });
    }
  } finally {
    await tokenizer.dispose();
  }
  return [...sums].sort().map(([lang, sum]) => ({
    lang,
    answers: sum.answers,
    share: sum.unknown / sum.tokens,
    charactersPerToken: sum.characters / sum.tokens,
    cut: sum.cut / sum.answers,
  }));
}

interface PrintedPair {
  what: string;
  distance: number;
  from: { id: string; answer: string };
  to: { id: string; answer: string };
}

/** Appendix H: finds the nearest and the farthest answers of two value ids to one held-out question. */
async function nearestAndFarthest(lab: Lab): Promise<{ question: string; answers: number; pairs: PrintedPair[] }> {
  const set = await lab.sample(PRINTED_SET, lab.scale.main, 'parallel');
  const embeddings = await lab.embed(MAIN, rowsOf(set).inputs);
  const rowsOfQuestion = new Map<string, number[]>();
  for (const row of set.split.test)
    rowsOfQuestion.set(set.records[row]!.qid, [...(rowsOfQuestion.get(set.records[row]!.qid) ?? []), row]);
  const [rows] = [...rowsOfQuestion.entries()]
    .sort((a, b) => b[1].length - a[1].length || (a[0] < b[0] ? -1 : 1))
    .map(([, own]) => own);
  const record = (row: number) => set.records[row]!;
  const english = extremePairs(
    embeddings,
    rows!,
    (a, b) => record(a).lang === 'eng' && record(b).lang === 'eng' && set.labels[a] !== set.labels[b],
  );
  const across = extremePairs(embeddings, rows!, (a, b) => record(a).lang !== record(b).lang);
  const side = (row: number) => ({
    id: set.labels[row]!,
    answer: firstCharacters(withoutFormatting(record(row).answer), PRINTED_CHARACTERS + 1),
  });
  const printed = (what: string, pair: AnswerPair | undefined): PrintedPair[] =>
    pair ? [{ what, distance: pair.distance, from: side(pair.from), to: side(pair.to) }] : [];
  return {
    question: (rows!.map(record).find(({ lang }) => lang === 'eng') ?? record(rows![0]!)).question,
    answers: rows!.length,
    pairs: [
      ...printed('nearest, English', english?.nearest),
      ...printed('farthest, English', english?.farthest),
      ...printed('nearest in two languages', across?.nearest),
    ],
  };
}

function exampleMarkdown({ question, answers, pairs }: Awaited<ReturnType<typeof nearestAndFarthest>>): string {
  return [
    `${answers} answers to “${quote(question, 400)}” (\`${PRINTED_SET}\`, xlr8harder/llm-compliance, Apache-2.0), ` +
      `by ${titleOf(MAIN)}:\n`,
    table(
      ['pair', 'distance', 'answers'],
      pairs.flatMap(({ what, distance, from, to }) => [
        [what, distance.toFixed(2), `**${from.id}**: ${quote(from.answer, PRINTED_CHARACTERS)}`],
        ['', '', `**${to.id}**: ${quote(to.answer, PRINTED_CHARACTERS)}`],
      ]),
      3,
    ),
  ].join('\n');
}
