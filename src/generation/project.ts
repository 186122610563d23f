/** A project in the form that the stages use, with defaults filled in and names resolved. */
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { withFileErrors } from '../core/file-errors.js';
import { OPTIONAL_FEATURES } from '../core/optional-features.js';
import { importOptional } from '../core/optional-package.js';
import { expectPath } from '../core/validate.js';
import { DEFAULT_ENCODER } from '../encoder/default-encoder.js';
import { GENERATION_DATA } from './data-folder.js';
import { rememberObjects } from './own-objects.js';
import type { Endpoint, LanguageEntry, ModelEntry, ProjectFile } from './project-types.js';
import { type Prompts, readPrompts } from './prompts.js';
import { parseValues, type ValueRecord } from './records.js';
import type { CheckedFile } from './yaml-file.js';

/** Language in which questions are written and answers are compared. */
export const ENGLISH = 'eng';

/** USD per million tokens. */
export interface Price {
  input: number;
  output: number;
}

/** A model that can be called. */
export interface Model {
  id: string;
  label: string;
  endpoint: string;
  /** Name of the model at the endpoint. */
  name: string;
  /** Languages of the project in which the model is asked. */
  languages: readonly string[];
  price: Price;
  /** Undefined if the registry does not say. */
  seen: boolean | undefined;
  system: string | undefined;
  template: string | undefined;
  temperature: number | undefined;
  maxTokens: number | undefined;
  params: Readonly<Record<string, unknown>>;
  sendSeed: boolean;
}

/** Engine or model that translates between English and some languages. */
export interface Translator {
  /** Name for reports. */
  id: string;
  endpoint: string;
  /** For translation by a chat model. */
  model: Model | undefined;
  temperature: number;
  maxTokens: number;
}

/** A checked project. */
export interface Project
  extends Pick<
    ProjectFile,
    | 'name'
    | 'seed'
    | 'scenarios'
    | 'questions'
    | 'filter'
    | 'paraphrases'
    | 'answers'
    | 'budget'
    | 'failures'
    | 'report'
  > {
  /** Absolute path of the folder of results. */
  out: string;
  endpoints: Readonly<Record<string, Endpoint>>;
  values: readonly ValueRecord[];
  models: readonly Model[];
  generator: Model;
  /** Languages in which any model is asked, in the order of the project, or sorted by code. */
  languages: readonly string[];
  /** Translators by language. */
  translators: ReadonlyMap<string, Translator>;
  languageTable: ReadonlyMap<string, LanguageEntry>;
  prompts: Prompts;
  /** Absolute path of the encoder that finds near-duplicates. */
  encoder: string;
}

/**
 * Reads a project file and all files that it names.
 *
 * @throws EngineError `ERR_DATA` with one line per mistake, naming file, line and path; `ERR_IO`, `ERR_NATIVE_LOAD`
 *   if packages are missing
 */
export async function readProject(path: string): Promise<Project> {
  expectPath(path, 'path');
  const { readLanguageTables, readProjectFile, readRegistry } = await importOptional(
    OPTIONAL_FEATURES.generation,
    () => import('./project-files.js'),
  );
  const file = await readProjectFile(path);
  const { value } = file;
  const near = (name: string): string => resolve(dirname(path), name);
  const registry = await readRegistry(
    value.registry === 'paper' ? join(GENERATION_DATA, 'registry', 'models.yaml') : near(value.registry),
  );
  const languageTable = await readLanguageTables(value.languageTable === undefined ? [] : [near(value.languageTable)]);
  const resolver = new Resolver(file, registry);
  const models = value.models.map((reference, i) => resolver.model(reference, ['models', i], value.languages));
  const generator = resolver.model(value.generator, ['generator'], undefined);
  const languages = value.languages ?? [...new Set(models.flatMap((model) => model.languages))].sort();
  resolver.checkModels(models, languages, languageTable);
  const translators = resolver.translators(languages);
  file.throwMistakes();
  const values = await readValues(value.values, near);
  const prompts = await readPrompts(
    join(GENERATION_DATA, 'prompts'),
    value.prompts === undefined ? undefined : near(value.prompts),
  );
  const { name, seed, scenarios, questions, filter, paraphrases, answers, budget, failures, report, endpoints } = value;
  return rememberObjects({
    name,
    seed,
    scenarios,
    questions,
    filter,
    paraphrases,
    answers,
    budget,
    failures,
    report,
    endpoints,
    out: near(value.out ?? name),
    values,
    models,
    generator,
    languages,
    translators,
    languageTable,
    prompts,
    encoder: filter.encoder === undefined ? DEFAULT_ENCODER : near(filter.encoder),
  });
}

/** Returns the endpoints that a project uses, by name. */
export function usedEndpoints({ endpoints, generator, models, translators }: Project): Map<string, Endpoint> {
  return new Map(
    [generator, ...models, ...translators.values()].map(({ endpoint }) => [endpoint, endpoints[endpoint]!]),
  );
}

async function readValues(values: ProjectFile['values'], near: (name: string) => string): Promise<ValueRecord[]> {
  if (typeof values !== 'string') return parseValues(values);
  const path = values === 'reference' ? join(GENERATION_DATA, 'values.jsonl') : near(values);
  return parseValues(await withFileErrors(`read ${path}`, () => readFile(path, 'utf8')), path);
}

type Reference = string | ModelEntry;

/** Assembles a project and collects its mistakes. */
class Resolver {
  constructor(
    private readonly file: CheckedFile<ProjectFile>,
    private readonly registry: ReadonlyMap<string, ModelEntry>,
  ) {}

  /** Merges a model of the project with the entry of the registry that has its id. */
  model(reference: Reference, at: readonly PropertyKey[], languages: readonly string[] | undefined): Model {
    const own: ModelEntry = typeof reference === 'string' ? { id: reference } : reference;
    const known = this.registry.get(own.id) ?? (typeof reference === 'string' ? this.#projectModel(own.id) : undefined);
    if (!known && typeof reference === 'string')
      this.file.mistake(at, `the registry has no model ${JSON.stringify(own.id)}`);
    const entry = { ...known, ...own };
    const endpoint = entry.endpoint ?? '';
    if (!entry.endpoint) this.file.mistake(at, `the model ${entry.id} has no endpoint`);
    else if (this.file.value.endpoints[endpoint]?.kind !== 'chat')
      this.file.mistake(
        at,
        `the model ${entry.id} needs an endpoint of kind chat, and ${JSON.stringify(endpoint)} is not one`,
      );
    const spoken = entry.languages ?? [ENGLISH];
    return {
      id: entry.id,
      label: entry.label ?? entry.id,
      endpoint,
      name: entry.name ?? entry.id,
      languages: languages ? languages.filter((language) => spoken.includes(language)) : spoken,
      price: entry.price ?? { input: 0, output: 0 },
      seen: entry.seen,
      system: entry.system,
      template: entry.template,
      temperature: entry.temperature,
      maxTokens: entry.maxTokens,
      params: entry.params ?? {},
      sendSeed: entry.sendSeed ?? true,
    };
  }

  checkModels(models: readonly Model[], languages: readonly string[], table: ReadonlyMap<string, LanguageEntry>): void {
    const ids = new Set<string>();
    models.forEach((model, i) => {
      if (ids.has(model.id)) this.file.mistake(['models', i], `the model ${model.id} is listed twice`);
      ids.add(model.id);
      if (model.languages.length === 0)
        this.file.mistake(
          ['models', i],
          `the model ${model.id} supports none of the languages ${languages.join(', ')}`,
        );
    });
    for (const language of languages) {
      const at = this.file.value.languages ? ['languages', this.file.value.languages.indexOf(language)] : ['models'];
      if (!table.has(language))
        this.file.mistake(at, `the language ${language} is not in the table of languages; add it with "languageTable"`);
      else if (!models.some((model) => model.languages.includes(language)))
        this.file.mistake(at, `no model supports the language ${language}`);
    }
  }

  translators(languages: readonly string[]): Map<string, Translator> {
    const entries = this.file.value.translation.map((entry, i) => ({
      translator: this.#translator(i),
      languages: entry.languages,
    }));
    const chosen = new Map<string, Translator>();
    for (const language of languages) {
      if (language === ENGLISH) continue;
      const fit = entries.find((entry) => entry.languages?.includes(language) ?? true);
      if (fit) chosen.set(language, fit.translator);
      else this.file.mistake(['translation'], `no entry translates between ${ENGLISH} and ${language}`);
    }
    return chosen;
  }

  #translator(index: number): Translator {
    const { endpoint, model: reference, temperature, maxTokens } = this.file.value.translation[index]!;
    const at = ['translation', index];
    if ((endpoint === undefined) === (reference === undefined))
      this.file.mistake(at, 'expected either an endpoint or a model');
    if (reference !== undefined) {
      const model = this.model(reference, at, undefined);
      return { id: model.id, endpoint: model.endpoint, model, temperature, maxTokens };
    }
    const kind = this.file.value.endpoints[endpoint ?? '']?.kind;
    if (kind !== 'libretranslate' && kind !== 'apertium')
      this.file.mistake(at, `${JSON.stringify(endpoint)} is not an endpoint of kind libretranslate or apertium`);
    return { id: endpoint ?? '', endpoint: endpoint ?? '', model: undefined, temperature, maxTokens };
  }

  /** `generator: id` may name a model that only the project defines. */
  #projectModel(id: string): ModelEntry | undefined {
    return this.file.value.models.find((entry): entry is ModelEntry => typeof entry !== 'string' && entry.id === id);
  }
}
