/** Public exports of `univar/generation`. */
export {
  type GenerateEvents,
  type GenerateOptions,
  type GenerateSummary,
  generate,
  type StageSummary,
} from './generate.js';
export { type Plan, type PlannedCalls, planProject } from './plan.js';
export { type Model, type Project, readProject } from './project.js';
export type { GeneratedRecord } from './records.js';
export { writeQualityReport } from './report/write-report.js';
