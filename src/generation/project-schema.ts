/** Schemas of project, registry and language files. `yaml-file.ts` words the messages about mistakes. */
import { z } from 'zod';

const language = z.string().regex(/^[a-z]{3}$/, 'expected a language as ISO 639-3, for example eng');
const name = z.string().regex(/^[\w.-]+(\/[\w.-]+)*$/, 'expected a name of letters, digits and . _ - /');
const text = z.string().trim().min(1, 'expected text that is not blank');
const count = (min: number, max: number) => z.int().min(min).max(max);
const seconds = z
  .number()
  .positive()
  .max(300, 'expected at most 300 seconds, the longest time that a connection can be silent');

/** Settings of every endpoint. */
const limits = {
  /** Maximum number of calls in flight. */
  concurrency: count(1, 1000).default(4),
  /** Maximum number of calls that start per minute. */
  requestsPerMinute: z.number().positive().optional(),
  /** Time limit of one attempt, including its complete answer. */
  timeoutSeconds: seconds.default(120),
  /** Attempts after the first one. */
  retries: count(0, 100).default(6),
};

const webEndpoint = {
  url: z.url({ protocol: /^https?$/, error: 'expected a URL that begins with http:// or https://' }),
  /** Environment variable that holds the key. */
  apiKeyEnv: text.optional(),
  headers: z.record(z.string(), z.string()).default({}),
  ...limits,
};

export const endpointSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('chat'), ...webEndpoint }),
  z.strictObject({ kind: z.literal('libretranslate'), ...webEndpoint }),
  z.strictObject({
    kind: z.literal('apertium'),
    command: text.default('apertium'),
    ...limits,
    concurrency: count(1, 1000).default(2),
  }),
]);

const modelFields = {
  label: text.optional(),
  /** Endpoint of kind `chat`. */
  endpoint: name.optional(),
  /** Name of the model at the endpoint. */
  name: text.optional(),
  languages: z.array(language).min(1).optional(),
  /** USD per million tokens. */
  price: z.strictObject({ input: z.number().min(0), output: z.number().min(0) }).optional(),
  /** Whether its answers were used for training an encoder. */
  seen: z.boolean().optional(),
  preferenceTuned: z.boolean().optional(),
  /** System message. */
  system: text.optional(),
  /** Chat format for endpoints that only complete texts; `{{prompt}}` and `{{system}}` are filled in. */
  template: text.refine((value) => value.includes('{{prompt}}'), 'expected a template with {{prompt}}').optional(),
  temperature: z.number().min(0).max(10).optional(),
  maxTokens: count(1, 1_000_000).optional(),
  /** More fields of the request, as the endpoint defines them. */
  params: z.record(z.string(), z.json()).optional(),
  /** Whether the request carries a seed. */
  sendSeed: z.boolean().optional(),
};

export const modelSchema = z.strictObject({ id: name, ...modelFields });
const modelReference = z.union([name, modelSchema], { error: 'expected the id of a model, or a model with an id' });

export const registrySchema = z.strictObject({ models: z.array(modelSchema).min(1) });

export const languagesSchema = z.strictObject({
  languages: z.array(
    z.strictObject({
      code: language,
      name: text,
      family: text.optional(),
      /** Unicode script names. */
      scripts: z.array(z.string().regex(/^\w+$/)).min(1),
      nllb: z.strictObject({ fromEnglish: z.number(), toEnglish: z.number() }).optional(),
    }),
  ),
});

const sampling = (temperature: number, maxTokens: number) => ({
  temperature: z.number().min(0).max(10).default(temperature),
  maxTokens: count(1, 1_000_000).default(maxTokens),
});

export const projectSchema = z.strictObject({
  name,
  /** Folder of the results, relative to the project file. */
  out: text.optional(),
  seed: count(0, 2 ** 31 - 1).default(0),
  /** `paper`, or a file relative to the project file. */
  registry: text.default('paper'),
  /** More languages, or other scripts for known ones: a file in the format of generation/registry/languages.yaml. */
  languageTable: text.optional(),
  /** Folder with prompts that replace those of the package, file by file. */
  prompts: text.optional(),
  endpoints: z.record(name, endpointSchema),
  /** `reference`, a JSONL file with `value` and optionally `id`, or the values themselves. */
  values: z.union([text, z.array(text).min(1)], { error: 'expected "reference", a file name, or a list of values' }),
  models: z.array(modelReference).min(1),
  /** Languages of the questions. Each model is asked in those that it supports. */
  languages: z.array(language).min(1).optional(),
  generator: modelReference,
  /** The first entry that supports a language translates it. */
  translation: z
    .array(
      z.strictObject({
        /** Endpoint of kind `libretranslate` or `apertium`. */
        endpoint: name.optional(),
        model: modelReference.optional(),
        /** Languages to and from English. */
        languages: z.array(language).min(1).optional(),
        ...sampling(0, 2000),
      }),
    )
    .default([]),
  scenarios: z
    .strictObject({ perValue: count(1, 10_000).default(50), perCall: count(1, 100).default(10), ...sampling(1, 4000) })
    .prefault({}),
  questions: z.strictObject(sampling(0.7, 300)).prefault({}),
  filter: z
    .strictObject({
      /** Questions whose cosine similarity with a kept one is at least this are dropped. */
      similarity: z.number().min(0).max(1).default(0.9),
      minWords: count(1, 1000).default(5),
      maxWords: count(1, 1000).default(120),
      /** Encoder folder, relative to the project file. The default is univar-base. */
      encoder: text.optional(),
    })
    .prefault({}),
  paraphrases: z.strictObject({ perQuestion: count(0, 100).default(4), ...sampling(0.7, 1500) }).prefault({}),
  answers: z
    .strictObject({
      ...sampling(0.7, 512),
      /** Answers with these faults are left out of the records. Other faults are only counted. */
      drop: z
        .array(z.enum(['empty', 'wrong-language', 'truncated', 'repetitive', 'refusal']))
        .default(['empty', 'wrong-language']),
      /** Expected tokens per answer, for the plan. */
      expectedTokens: count(1, 1_000_000).default(250),
    })
    .prefault({}),
  /** Limits for all runs together. A run stops before it exceeds them. */
  budget: z
    .strictObject({
      usd: z.number().positive().optional(),
      tokens: z.number().positive().optional(),
      calls: z.number().positive().optional(),
    })
    .prefault({}),
  failures: z
    .strictObject({
      /** Share of a stage's calls that may fail permanently. */
      share: z.number().min(0).max(1).default(0.05),
      /** Calls in a row that an endpoint may fail before the run stops. */
      inARow: count(1, 10_000).default(20),
    })
    .prefault({}),
  report: z
    .strictObject({ samples: count(0, 2000).default(40), roundTripSample: count(0, 1_000_000).default(300) })
    .prefault({}),
});

/**
 * A project file after its defaults were filled in.
 *
 * @useDeclaredType
 */
export type ProjectFile = z.infer<typeof projectSchema>;
/** @useDeclaredType */
export type Endpoint = z.infer<typeof endpointSchema>;
export type ModelEntry = z.infer<typeof modelSchema>;
/** @useDeclaredType */
export type LanguageEntry = z.infer<typeof languagesSchema>['languages'][number];
