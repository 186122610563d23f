/**
 * Identification by several answers of one value id. Single answers vote. Views of n answers to different held-out
 * questions are tested, either joined into one text as in training, or as the mean of their vectors.
 */
import { SeededRandom } from '../../../src/core/random.js';
import { evaluateKnn } from '../../../src/evaluation/knn.js';
import { MAIN_CONFIGURATIONS } from '../configurations.js';
import { mean } from '../identify-answers.js';
import { type Embeddings, FROZEN, type Lab } from '../lab.js';
import { percent, table } from '../pages.js';
import { inputOf, joinedInput } from '../record-texts.js';
import { firstWords } from '../style/treatments.js';
import { SEED, type ValueSet } from '../value-sets.js';
import { type Outcome, titleOf } from './part.js';

const SETS = ['government_criticism', 'do_not_answer_multi', 'redteam_safety'] as const;
const SIZES = [1, 2, 5, 10] as const;
const K = 50;
/** Maximum number of views of a set and size, evenly from its value ids, and at most the number of tested answers. */
const VIEWS = 360;
/** Maximum tokens of a joined view: the number of positions of MiniLM. */
const JOINED_TOKENS = 512;
/** Maximum words of each answer in a joined view. Shorter answers let more of them fit. */
const JOINED_WORDS = 80;

export async function views(lab: Lab): Promise<Outcome> {
  const embedders = [FROZEN, ...MAIN_CONFIGURATIONS.map(({ name }) => name)];
  const rows: {
    embedder: string;
    set: string;
    size: number;
    averaged: number | null;
    joined: number | null;
    views: number;
  }[] = [];
  for (const embedder of embedders) {
    // Sizes are the outer loop, because each has its own token limit, for which the encoder is reloaded.
    for (const size of SIZES) {
      for (const name of SETS)
        rows.push({
          embedder,
          set: name,
          size,
          ...(await identifyViews(lab, embedder, await lab.sample(name, lab.scale.main), size)),
        });
      lab.log(`${embedder} on views of ${size}: done`);
    }
  }
  const shares = (embedder: string, size: number, form: 'joined' | 'averaged'): (number | null)[] =>
    rows.filter((row) => row.embedder === embedder && row.size === size).map((row) => row[form]);
  const meanOf = (values: readonly (number | null)[]): number | null =>
    values.every((value) => value !== null) ? mean(values) : null;
  const of = (form: 'joined' | 'averaged'): string =>
    table(
      ['encoder', ...SIZES.map((size) => `${size} answer${size > 1 ? 's' : ''}`)],
      embedders.map((embedder) => [
        titleOf(embedder),
        ...SIZES.map(
          (size) =>
            `${percent(meanOf(shares(embedder, size, form)))} ` +
            `(${shares(embedder, size, form).map(percent).join(', ')})`,
        ),
      ]),
    );
  return {
    result: rows,
    sections: [
      {
        page: 'evidence',
        name: 'views',
        markdown: [
          `kNN accuracy in %, mean and in brackets ${SETS.join(', ')}. Mean of the vectors:\n`,
          of('averaged'),
          `Joined, ${JOINED_WORDS} words of each, cut at ${JOINED_TOKENS} tokens:\n`,
          of('joined'),
        ].join('\n'),
      },
    ],
    plots: {},
  };
}

async function identifyViews(
  lab: Lab,
  embedder: string,
  set: ValueSet,
  size: number,
): Promise<{ averaged: number | null; joined: number | null; views: number }> {
  const drawn = drawViews(set, size);
  if (drawn.length === 0) return { averaged: null, joined: null, views: 0 };
  const all = await lab.embed(embedder, set.records.map(inputOf));
  const short = (row: number) => ({ ...set.records[row]!, answer: firstWords(set.records[row]!.answer, JOINED_WORDS) });
  const joined = await lab.embed(
    embedder,
    drawn.map(({ rows }) => joinedInput(rows.map(short))),
    Math.min(JOINED_TOKENS, size * lab.tokens),
  );
  const averaged = {
    dim: all.dim,
    embeddings: averages(
      all,
      drawn.map(({ rows }) => rows),
    ),
  };
  return {
    averaged: await accuracyOf(
      all,
      averaged,
      set,
      drawn.map(({ label }) => label),
    ),
    joined: await accuracyOf(
      all,
      joined,
      set,
      drawn.map(({ label }) => label),
    ),
    views: drawn.length,
  };
}

/**
 * Draws views of tested rows, each with answers of one value id to different questions. Takes value ids with enough
 * answers in turn.
 */
export function drawViews(
  { labels, groups, split }: Pick<ValueSet, 'labels' | 'groups' | 'split'>,
  size: number,
): { label: string; rows: number[] }[] {
  const rowsOf = new Map<string, number[]>();
  for (const row of split.test) rowsOf.set(labels[row]!, [...(rowsOf.get(labels[row]!) ?? []), row]);
  const ids = [...rowsOf.keys()]
    .sort()
    .filter((id) => new Set(rowsOf.get(id)!.map((row) => groups[row]!)).size >= size);
  const random = new SeededRandom(SEED);
  return Array.from({ length: ids.length === 0 ? 0 : Math.min(VIEWS, split.test.length) }, (_, view) => {
    const label = ids[view % ids.length]!;
    const asked = new Set<string>();
    const rows = random
      .shuffle([...rowsOf.get(label)!])
      .filter((row) => !asked.has(groups[row]!) && asked.add(groups[row]!));
    return { label, rows: rows.slice(0, size) };
  });
}

/** Returns the mean of the vectors of each view, at unit length. */
export function averages({ embeddings, dim }: Embeddings, drawn: readonly (readonly number[])[]): Float32Array {
  const out = new Float32Array(drawn.length * dim);
  drawn.forEach((rows, view) => {
    const sum = out.subarray(view * dim, (view + 1) * dim);
    for (const row of rows) for (let i = 0; i < dim; i++) sum[i]! += embeddings[row * dim + i]!;
    const norm = Math.hypot(...sum);
    if (norm > 0) for (let i = 0; i < dim; i++) sum[i]! /= norm;
  });
  return out;
}

/** Returns the accuracy on the views, with votes of the training rows of the set. */
async function accuracyOf(
  { embeddings, dim }: Embeddings,
  tested: Embeddings,
  { labels, groups, split }: ValueSet,
  testedLabels: readonly string[],
): Promise<number> {
  const voters = split.train;
  const matrix = new Float32Array((voters.length + testedLabels.length) * dim);
  voters.forEach((row, i) => matrix.set(embeddings.subarray(row * dim, (row + 1) * dim), i * dim));
  matrix.set(tested.embeddings, voters.length * dim);
  const data = {
    embeddings: matrix,
    dim,
    labels: [...Array.from(voters, (row) => labels[row]!), ...testedLabels],
    groups: [...Array.from(voters, (row) => groups[row]!), ...testedLabels.map((_, view) => `view ${view}`)],
  };
  const rows = Int32Array.from({ length: data.labels.length }, (_, row) => row);
  const options = {
    split: { train: rows.slice(0, voters.length), test: rows.slice(voters.length) },
    k: Math.min(K, voters.length),
    sweep: [],
    bootstrapSamples: 0,
  };
  return (await evaluateKnn(data, options)).accuracy;
}
