/** What `univar/generation` exports: apart from `univar`, whose users need not load its libraries. */
export { generate, type GenerateEvents, type GenerateOptions, type GenerateSummary, type StageSummary } from './generate.js';
export { planProject, type Plan, type PlannedCalls } from './plan.js';
export { readProject, type Model, type Project } from './project.js';
export type { GeneratedRecord } from './records.js';
export { writeQualityReport } from './report/write-report.js';
