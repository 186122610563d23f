/** Which side of a comparison an answer belongs to. */
import { basename, resolve } from 'node:path';

import type { PairWithin } from '../../comparison/paired-answers.js';
import { EngineError } from '../../core/errors.js';
import { normaliseLanguage } from '../../core/languages.js';
import { splitValueId } from '../../core/value-id.js';
import { type QaRecord, valueId } from '../../records/record.js';
import { unknownName } from '../../search/filters/value-filter.js';
import type { AnswerSource } from './answer-source.js';

/** What the sides of a comparison are: value ids `model$lang`, models, or languages. */
export type SideKind = 'valueId' | 'model' | 'lang';

const KINDS: readonly SideKind[] = ['valueId', 'model', 'lang'];

/** Answers to a question are paired with those of the same language, or the same model, that are not compared. */
const WITHIN: Record<SideKind, PairWithin | undefined> = { valueId: undefined, model: 'lang', lang: 'model' };

export class SideNames {
  private constructor(
    readonly sides: readonly string[],
    readonly by: SideKind | undefined,
    /** Returns the side of a record of a source. */
    readonly sideOf: (record: QaRecord, source: number) => number | undefined,
  ) {}

  get within(): PairWithin | undefined {
    return this.by === undefined ? undefined : WITHIN[this.by];
  }

  /** One side per path. Sides are named without folders and endings, if these names are distinct. */
  static ofFiles(paths: readonly string[]): SideNames {
    expectSeveral(paths.map((path) => resolve(path)));
    const short = paths.map((path) => basename(resolve(path)).replace(/\.(jsonl|ndjson|csv|parquet)(\.gz)?$/i, ''));
    return new SideNames(new Set(short).size === short.length ? short : paths, undefined, (_, source) => source);
  }

  /** Sides of one source. @throws EngineError `ERR_ARG_RANGE` for a name that the source does not have */
  static async ofSource(
    source: AnswerSource,
    options: {
      by: SideKind | undefined;
      names: readonly string[] | undefined;
      langs: readonly string[] | undefined;
      signal: AbortSignal | undefined;
    },
  ): Promise<SideNames> {
    const { signal } = options;
    const all = await valueIdsOf(source, signal);
    const languages = namesOf(all, 'lang');
    const langs = options.langs?.map((lang) => knownLanguage(lang, languages));
    const unknownLang = langs?.find((lang) => !languages.includes(lang));
    if (unknownLang !== undefined) throw unknownName('langs', unknownLang, languages);
    const isWanted = (id: string): boolean => langs?.includes(splitValueId(id).lang) ?? true;
    const ids = all.filter(isWanted);
    const by = options.by ?? kindOf(options.names ?? [], ids);
    const known = namesOf(ids, by);
    const sides = options.names?.map((name) => (by === 'lang' ? knownLanguage(name, known) : name)) ?? known;
    const unknown = sides.find((name) => !known.includes(name));
    if (unknown !== undefined)
      throw unknownName('names', unknown, options.by ? known : KINDS.flatMap((kind) => namesOf(ids, kind)));
    expectSeveral(sides);
    const numbers = new Map(sides.map((name, number) => [name, number]));
    return new SideNames(sides, by, (record) => {
      if (langs && !langs.includes(record.lang)) return undefined;
      return numbers.get(by === 'valueId' ? valueId(record) : record[by]);
    });
  }
}

function expectSeveral(sides: readonly string[]): void {
  const twice = sides.find((name, i) => sides.indexOf(name) < i);
  if (twice !== undefined)
    throw new EngineError('ERR_ARG_RANGE', `Expected different sides to compare, got ${JSON.stringify(twice)} twice`);
  if (sides.length < 2)
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected at least two sides to compare, got ${sides.length === 0 ? 'none' : `only ${JSON.stringify(sides[0])}`}`,
    );
}

async function valueIdsOf(source: AnswerSource, signal: AbortSignal | undefined): Promise<string[]> {
  if (source.dataset) return (await source.dataset.readValueIds({ signal })).names;
  const ids = new Set<string>();
  for await (const rows of source.records(signal)) for (const { record } of rows) ids.add(valueId(record));
  return [...ids].sort();
}

function kindOf(names: readonly string[], ids: readonly string[]): SideKind {
  const isKnown = (name: string, kind: SideKind, known: readonly string[]): boolean =>
    known.includes(kind === 'lang' ? knownLanguage(name, known) : name);
  return (
    KINDS.find((kind) => {
      const known = namesOf(ids, kind);
      return names.every((name) => isKnown(name, kind, known));
    }) ?? 'valueId'
  );
}

/** Returns the code of a language of the answers that was given in another spelling, such as `en` for `eng`. */
function knownLanguage(name: string, known: readonly string[]): string {
  return known.includes(name) ? name : (normaliseLanguage(name) ?? name);
}

function namesOf(ids: readonly string[], kind: SideKind): string[] {
  return kind === 'valueId' ? [...ids] : [...new Set(ids.map((id) => splitValueId(id)[kind]))].sort();
}
