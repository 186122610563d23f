/** Reads the answers that a comparison needs, with their vectors. */

import { type AnswerSide, noCommonQuestion, type PairWithin } from '../../comparison/paired-answers.js';
import { EngineError } from '../../core/errors.js';
import { SeededRandom } from '../../core/random.js';
import {
  expectCallback,
  expectInteger,
  expectOneOf,
  expectOptions,
  expectPath,
  expectSignal,
  expectStrings,
} from '../../core/validate.js';
import { DEFAULT_ENCODER } from '../../encoder/default-encoder.js';
import type { Encoder } from '../../encoder/encoder.js';
import { SeenAnswerCounter, type SeenAnswers } from '../../encoder/folder/training-answers.js';
import { loadEncoder } from '../../encoder/load-encoder.js';
import { findEncoder, loadDatasetEncoder } from '../dataset-encoder.js';
import { type AnswerSource, openSource, type SourceRow } from './answer-source.js';
import { type SideKind, SideNames } from './side-names.js';

/** Options of `readSides`. */
export interface ReadSidesOptions {
  /** Dataset folder, file of answers, or folder of such files, which holds all sides. */
  source?: string | undefined;
  /**
   * With `source`: the kind of `names`. @default the first of value ids, models and languages that has all of `names`
   */
  by?: SideKind | undefined;
  /** With `source`: the sides, at least two. @default all of the kind `by` */
  names?: readonly string[] | undefined;
  /** With `source`: reads only answers in one of these languages. @default all */
  langs?: readonly string[] | undefined;
  /** Instead of `source`: one dataset folder or file of answers for each side, at least two. */
  files?: readonly string[] | undefined;
  /** Folder of the encoder for the answers of files. @default that of a dataset among them, otherwise `univar-base` */
  encoder?: string | undefined;
  /**
   * Limit of answers of all sides together. Above it, questions are drawn at random, each with all of its answers.
   * 100,000 answers take about half a GiB of memory. @default 100000
   */
  maxAnswers?: number | undefined;
  /** Decides which questions are drawn. @default 1 */
  seed?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Receives the step, the number of answers done, and their total if it is known. */
  onProgress?: ((step: 'read' | 'embed', answers: number, total?: number) => void) | undefined;
}

/** Sides with their answers and vectors, for `compareAnswers` and `compareAll`. */
export interface ReadSides {
  /** In the order of `names` or `files`; all sides of a kind are sorted by name. */
  sides: AnswerSide[];
  dim: number;
  /** Name of the encoder of the vectors. */
  encoder: string;
  /** For the option `within` of a comparison. */
  within: PairWithin | undefined;
  /** Kind of the sides; undefined for files. */
  by: SideKind | undefined;
  /** Number of answers of each side in the source, also those that no other side has a partner for. */
  answers: number[];
  /** Whether questions were drawn because of `maxAnswers`. */
  isSample: boolean;
  /**
   * How many of the answers in `sides` the encoder was trained on. With such answers, distances are too large and p
   * values too small. Undefined if the folder of the encoder is not known, or does not say what it was trained on.
   */
  seen: SeenAnswers | undefined;
}

const KEYS = [
  'source',
  'by',
  'names',
  'langs',
  'files',
  'encoder',
  'maxAnswers',
  'seed',
  'signal',
  'onProgress',
] as const;

/**
 * Reads the sides of a comparison: value ids, models or languages of one source, or several files or datasets. Only
 * questions that at least two sides answered are kept. The sources are read twice, so that answers that are not needed
 * are never in memory.
 *
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE` also for an unknown name, with similar ones; `ERR_DATA` if no
 *   question was answered by two sides, a file is empty or damaged, or datasets have different encoders; `ERR_IO`,
 *   `ERR_ABORTED`
 */
export async function readSides(options: ReadSidesOptions): Promise<ReadSides> {
  const given = resolve(options);
  const sources: AnswerSource[] = [];
  for (const path of given.files ?? [given.source!]) sources.push(await openSource(path));
  const names = given.files ? SideNames.ofFiles(given.files) : await SideNames.ofSource(sources[0]!, given);
  const { wanted, isSample, answers } = await chooseGroups(sources, names, given);
  const rows = names.sides.map((): { source: AnswerSource; rows: SourceRow[] } => ({ source: sources[0]!, rows: [] }));
  for (const [number, source] of sources.entries()) {
    for await (const block of source.records(given.signal)) {
      for (const row of block) {
        const side = names.sideOf(row.record, number);
        if (side === undefined || !wanted.has(groupOf(row))) continue;
        rows[side]!.source = source;
        rows[side]!.rows.push(row);
      }
    }
  }
  const encoder = await openEncoder(sources, given.encoder);
  try {
    const counter = encoder.folder === undefined ? undefined : await SeenAnswerCounter.open(encoder.folder);
    const total = rows.reduce((sum, side) => sum + side.rows.length, 0);
    const sides: AnswerSide[] = [];
    let done = 0;
    for (const [i, { source, rows: own }] of rows.entries()) {
      const onProgress = (count: number): void => given.onProgress?.('embed', done + count, total);
      const embeddings = await source.vectors(own, encoder.loaded, { signal: given.signal, onProgress });
      const records = own.map(({ record }) => record);
      counter?.add(records.map(({ answer }) => answer));
      sides.push({ name: names.sides[i]!, records, embeddings });
      done += own.length;
    }
    const { dim, name } = encoder;
    const { within, by } = names;
    return { sides, dim, encoder: name, within, by, answers, isSample, seen: counter?.counts };
  } finally {
    await encoder.loaded?.dispose();
  }
}

function groupOf({ record }: SourceRow): string {
  return record.group ?? record.qid;
}

type Resolved = ReturnType<typeof resolve>;

function resolve(options: ReadSidesOptions) {
  const given = expectOptions(options, 'options', KEYS) as ReadSidesOptions;
  const { source, by, names, langs, files, encoder, maxAnswers = 100_000, seed = 1 } = given;
  if ((source === undefined) === (files === undefined))
    throw new EngineError(
      'ERR_ARG_TYPE',
      'Expected either "source" or "files", got ' + (source === undefined ? 'neither' : 'both'),
    );
  if (files !== undefined) {
    for (const [name, value] of Object.entries({ by, names, langs }))
      if (value !== undefined) throw new EngineError('ERR_ARG_TYPE', `Expected "source" with "${name}", got "files"`);
  }
  return {
    source: source === undefined ? undefined : expectPath(source, 'source'),
    by: by === undefined ? undefined : expectOneOf(by, 'by', ['valueId', 'model', 'lang']),
    names: names === undefined ? undefined : expectStrings(names, 'names'),
    langs: langs === undefined ? undefined : expectStrings(langs, 'langs'),
    files: files === undefined ? undefined : expectStrings(files, 'files').map((file) => expectPath(file, 'files')),
    encoder: encoder === undefined ? undefined : expectPath(encoder, 'encoder'),
    maxAnswers: expectInteger(maxAnswers, 'maxAnswers', 4),
    seed: expectInteger(seed, 'seed', 0),
    signal: expectSignal(given.signal, 'signal'),
    onProgress: expectCallback(given.onProgress, 'onProgress'),
  };
}

/** Counts the answers to each group of questions, and draws groups if they are too many. */
async function chooseGroups(
  sources: readonly AnswerSource[],
  names: SideNames,
  { maxAnswers, seed, signal, onProgress }: Resolved,
): Promise<{ wanted: Set<string>; isSample: boolean; answers: number[] }> {
  const counts = new Map<string, { sides: Set<number>; answers: number }>();
  const answers = names.sides.map(() => 0);
  const questions = names.sides.map(() => new Set<string>());
  let read = 0;
  for (const [number, source] of sources.entries()) {
    for await (const block of source.records(signal)) {
      onProgress?.('read', (read += block.length));
      for (const row of block) {
        const side = names.sideOf(row.record, number);
        if (side === undefined) continue;
        const group = groupOf(row);
        answers[side]! += 1;
        questions[side]!.add(row.record.qid);
        const count = counts.get(group) ?? { sides: new Set(), answers: 0 };
        count.sides.add(side);
        count.answers += 1;
        counts.set(group, count);
      }
    }
  }
  const shared = [...counts].filter(([, { sides }]) => sides.size > 1).sort(([a], [b]) => (a < b ? -1 : 1));
  if (shared.length === 0)
    throw noCommonQuestion(
      names.sides.map((name, i) => ({ name, answers: answers[i]!, questions: questions[i]!.size })),
    );
  const total = shared.reduce((sum, [, count]) => sum + count.answers, 0);
  if (total <= maxAnswers) return { wanted: new Set(shared.map(([group]) => group)), isSample: false, answers };
  const wanted = new Set<string>();
  let taken = 0;
  for (const [group, count] of SeededRandom.stream(seed, 0).shuffle(shared)) {
    if (taken + count.answers > maxAnswers && wanted.size > 1) break;
    wanted.add(group);
    taken += count.answers;
  }
  return { wanted, isSample: true, answers };
}

interface OpenedEncoder {
  name: string;
  dim: number;
  /** Undefined if the folder of the encoder of datasets is not known. */
  folder: string | undefined;
  /** Undefined if all sources are datasets, which have their vectors. */
  loaded: Encoder | undefined;
}

/** Loads the encoder of the answers of files. Vectors of datasets can only be compared if one encoder made them. */
async function openEncoder(sources: readonly AnswerSource[], requested: string | undefined): Promise<OpenedEncoder> {
  const datasets = sources.flatMap(({ dataset }) => dataset ?? []);
  const [first, ...others] = datasets;
  if (!first) {
    const folder = requested ?? DEFAULT_ENCODER;
    const loaded = await loadEncoder(folder);
    return { name: loaded.name, dim: loaded.dim, folder, loaded };
  }
  const { name, fingerprint } = first.manifest.encoder;
  const other = others.find(({ manifest }) => manifest.encoder.fingerprint !== fingerprint);
  if (other) {
    throw new EngineError(
      'ERR_DATA',
      `${first.dir} was embedded with "${name}" and ${other.dir} with "${other.manifest.encoder.name}"; ` +
        'embed one of them again',
    );
  }
  const found = await findEncoder(first);
  if (datasets.length === sources.length) return { name, dim: first.dim, folder: found, loaded: undefined };
  const folder = requested ?? found;
  return { name, dim: first.dim, folder, loaded: await loadDatasetEncoder(first, folder) };
}
