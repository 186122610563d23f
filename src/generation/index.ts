/// <reference lib="esnext.disposable" preserve="true" />
/**
 * What `import { ... } from 'univar/generation'` offers: corpora from values to answers.
 *
 * @module univar/generation
 */

export type { Spending } from './budget.js';
export type { CallResult, ChatRequest, Request, TranslateRequest } from './call.js';
export {
  type GenerateEvents,
  type GenerateOptions,
  type GenerateSummary,
  generate,
  type StageSummary,
} from './generate.js';
export { type Plan, type PlannedCalls, planProject } from './plan.js';
export { type Model, type Price, type Project, readProject, type Translator } from './project.js';
export type { StageState } from './project-folder.js';
export type {
  ApertiumEndpoint,
  ChatEndpoint,
  Endpoint,
  EndpointLimits,
  LanguageEntry,
  LibreTranslateEndpoint,
  ModelEntry,
  ProjectFile,
  Sampling,
  TranslationEntry,
  WebEndpoint,
} from './project-types.js';
export type { Message, PromptName, Prompts } from './prompts.js';
export type { Attempt } from './providers/open-endpoint.js';
export type { FileSummary } from './record-file.js';
export type { AnswerFault, GeneratedRecord, ValueRecord } from './records.js';
export { writeQualityReport } from './report/write-report.js';
export type { StageName } from './stages/stage.js';
