/** What a project file holds, with defaults filled in. `project-schema.ts` checks it. */

/** Limits of an endpoint. */
export interface EndpointLimits {
  /** Maximum number of calls in flight. */
  concurrency: number;
  /** Maximum number of calls that start per minute. */
  requestsPerMinute?: number | undefined;
  /** Time limit of one attempt, including its complete answer. */
  timeoutSeconds: number;
  /** Attempts after the first one. */
  retries: number;
}

/** Settings of all servers. */
export interface WebEndpoint extends EndpointLimits {
  url: string;
  /** Environment variable that holds the key. */
  apiKeyEnv?: string | undefined;
  headers: Record<string, string>;
}

/** A server of chat completions. */
export interface ChatEndpoint extends WebEndpoint {
  kind: 'chat';
}

/** A server of LibreTranslate. */
export interface LibreTranslateEndpoint extends WebEndpoint {
  kind: 'libretranslate';
}

/** Apertium, which runs on this machine. */
export interface ApertiumEndpoint extends EndpointLimits {
  kind: 'apertium';
  command: string;
}

/** What answers or translates. */
export type Endpoint = ChatEndpoint | LibreTranslateEndpoint | ApertiumEndpoint;

/** A model in a registry or in a project, whose fields replace those of the registry. */
export interface ModelEntry {
  id: string;
  label?: string | undefined;
  /** Endpoint of kind `chat`. */
  endpoint?: string | undefined;
  /** Name of the model at the endpoint. */
  name?: string | undefined;
  languages?: string[] | undefined;
  /** USD per million tokens. */
  price?: { input: number; output: number } | undefined;
  /** Whether its answers were used for training an encoder. */
  seen?: boolean | undefined;
  preferenceTuned?: boolean | undefined;
  /** System message. */
  system?: string | undefined;
  /** Chat format for endpoints that only complete texts; `{{prompt}}` and `{{system}}` are filled in. */
  template?: string | undefined;
  temperature?: number | undefined;
  maxTokens?: number | undefined;
  /** More fields of the request, as the endpoint defines them. */
  params?: Record<string, unknown> | undefined;
  /** Whether the request carries a seed. */
  sendSeed?: boolean | undefined;
}

/** A language of a project. */
export interface LanguageEntry {
  /** ISO 639-3. */
  code: string;
  name: string;
  family?: string | undefined;
  /** Unicode script names. */
  scripts: string[];
  nllb?: { fromEnglish: number; toEnglish: number } | undefined;
}

/** How a model is asked. */
export interface Sampling {
  temperature: number;
  maxTokens: number;
}

/** What translates, and for which languages. */
export interface TranslationEntry extends Sampling {
  /** Endpoint of kind `libretranslate` or `apertium`. */
  endpoint?: string | undefined;
  model?: string | ModelEntry | undefined;
  /** Languages to and from English. */
  languages?: string[] | undefined;
}

/** The content of a project file. */
export interface ProjectFile {
  name: string;
  /** Folder of the results, relative to the project file. */
  out?: string | undefined;
  seed: number;
  /** `paper`, or a file relative to the project file. */
  registry: string;
  /** More languages, or other scripts for known ones: a file in the format of generation/registry/languages.yaml. */
  languageTable?: string | undefined;
  /** Folder with prompts that replace those of the package, file by file. */
  prompts?: string | undefined;
  endpoints: Record<string, Endpoint>;
  /** `reference`, a JSONL file with `value` and optionally `id`, or the values themselves. */
  values: string | string[];
  models: (string | ModelEntry)[];
  /** Languages of the questions. Each model is asked in those that it supports. */
  languages?: string[] | undefined;
  generator: string | ModelEntry;
  /** The first entry that supports a language translates it. */
  translation: TranslationEntry[];
  scenarios: Sampling & { perValue: number; perCall: number };
  questions: Sampling;
  filter: {
    /** Questions whose cosine similarity with a kept one is at least this are dropped. */
    similarity: number;
    minWords: number;
    maxWords: number;
    /** Encoder folder, relative to the project file. The default is univar-base. */
    encoder?: string | undefined;
  };
  paraphrases: Sampling & { perQuestion: number };
  answers: Sampling & {
    /** Answers with these faults are left out of the records. Other faults are only counted. */
    drop: ('empty' | 'wrong-language' | 'truncated' | 'repetitive' | 'refusal')[];
    /** Expected tokens per answer, for the plan. */
    expectedTokens: number;
  };
  /** Limits for all runs together. A run stops before it exceeds them. */
  budget: { usd?: number | undefined; tokens?: number | undefined; calls?: number | undefined };
  failures: {
    /** Share of a stage's calls that may fail permanently. */
    share: number;
    /** Calls in a row that an endpoint may fail before the run stops. */
    inARow: number;
  };
  report: { samples: number; roundTripSample: number };
}
