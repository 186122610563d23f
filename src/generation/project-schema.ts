/** Schemas of project, registry and language files. `yaml-file.ts` words the messages about mistakes. */
import { z } from 'zod';

import type { Endpoint, LanguageEntry, ModelEntry, ProjectFile } from './project-types.js';

const language = z.string().regex(/^[a-z]{3}$/, 'expected a language as ISO 639-3, for example eng');
const name = z.string().regex(/^[\w.-]+(\/[\w.-]+)*$/, 'expected a name of letters, digits and . _ - /');
const text = z.string().trim().min(1, 'expected text that is not blank');
const count = (min: number, max: number) => z.int().min(min).max(max);
const seconds = z
  .number()
  .positive()
  .max(300, 'expected at most 300 seconds, the longest time that a connection can be silent');

const limits = {
  concurrency: count(1, 1000).default(4),
  requestsPerMinute: z.number().positive().optional(),
  timeoutSeconds: seconds.default(120),
  retries: count(0, 100).default(6),
};

const webEndpoint = {
  url: z.url({ protocol: /^https?$/, error: 'expected a URL that begins with http:// or https://' }),
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
]) satisfies z.ZodType<Endpoint>;

const modelFields = {
  label: text.optional(),
  endpoint: name.optional(),
  name: text.optional(),
  languages: z.array(language).min(1).optional(),
  price: z.strictObject({ input: z.number().min(0), output: z.number().min(0) }).optional(),
  seen: z.boolean().optional(),
  preferenceTuned: z.boolean().optional(),
  system: text.optional(),
  template: text.refine((value) => value.includes('{{prompt}}'), 'expected a template with {{prompt}}').optional(),
  temperature: z.number().min(0).max(10).optional(),
  maxTokens: count(1, 1_000_000).optional(),
  params: z.record(z.string(), z.json()).optional(),
  sendSeed: z.boolean().optional(),
};

export const modelSchema = z.strictObject({ id: name, ...modelFields }) satisfies z.ZodType<ModelEntry>;
const modelReference = z.union([name, modelSchema], { error: 'expected the id of a model, or a model with an id' });

export const registrySchema = z.strictObject({ models: z.array(modelSchema).min(1) });

export const languagesSchema = z.strictObject({
  languages: z.array(
    z.strictObject({
      code: language,
      name: text,
      family: text.optional(),
      scripts: z.array(z.string().regex(/^\w+$/)).min(1),
      nllb: z.strictObject({ fromEnglish: z.number(), toEnglish: z.number() }).optional(),
    }),
  ),
}) satisfies z.ZodType<{ languages: LanguageEntry[] }>;

const sampling = (temperature: number, maxTokens: number) => ({
  temperature: z.number().min(0).max(10).default(temperature),
  maxTokens: count(1, 1_000_000).default(maxTokens),
});

export const projectSchema = z.strictObject({
  name,
  out: text.optional(),
  seed: count(0, 2 ** 31 - 1).default(0),
  registry: text.default('paper'),
  languageTable: text.optional(),
  prompts: text.optional(),
  endpoints: z.record(name, endpointSchema),
  values: z.union([text, z.array(text).min(1)], { error: 'expected "reference", a file name, or a list of values' }),
  models: z.array(modelReference).min(1),
  languages: z.array(language).min(1).optional(),
  generator: modelReference,
  translation: z
    .array(
      z.strictObject({
        endpoint: name.optional(),
        model: modelReference.optional(),
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
      similarity: z.number().min(0).max(1).default(0.9),
      minWords: count(1, 1000).default(5),
      maxWords: count(1, 1000).default(120),
      encoder: text.optional(),
    })
    .prefault({}),
  paraphrases: z.strictObject({ perQuestion: count(0, 100).default(4), ...sampling(0.7, 1500) }).prefault({}),
  answers: z
    .strictObject({
      ...sampling(0.7, 512),
      drop: z
        .array(z.enum(['empty', 'wrong-language', 'truncated', 'repetitive', 'refusal']))
        .default(['empty', 'wrong-language']),
      expectedTokens: count(1, 1_000_000).default(250),
    })
    .prefault({}),
  budget: z
    .strictObject({
      usd: z.number().positive().optional(),
      tokens: z.number().positive().optional(),
      calls: z.number().positive().optional(),
    })
    .prefault({}),
  failures: z
    .strictObject({
      share: z.number().min(0).max(1).default(0.05),
      inARow: count(1, 10_000).default(20),
    })
    .prefault({}),
  report: z
    .strictObject({ samples: count(0, 2000).default(40), roundTripSample: count(0, 1_000_000).default(300) })
    .prefault({}),
}) satisfies z.ZodType<ProjectFile>;
