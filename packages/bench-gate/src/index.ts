/**
 * Finds what a change made slower. {@link check} compares with an older revision, {@link count} counts the instructions
 * of one build, {@link run} times benchmarks beside their peers.
 */
export type { ReusedOutput } from './base/base-build.js';
export type {
  Benchmark,
  BenchmarkModule,
  Counters,
  Environment,
  Peer,
  Revision,
  Scaling,
  Subject,
} from './benchmark.js';
export { type BenchOptions, type CheckOptions, type CheckReport, check } from './check.js';
export { type CountOptions, count } from './count.js';
export type { BuildCount } from './counting/build-count.js';
export type { InstructionChange } from './counting/change.js';
export type { FunctionChange, Profile } from './counting/profile.js';
export { BenchError, type ErrorCode } from './errors.js';
export {
  appendHistory,
  type HistoryEntry,
  type HistoryLine,
  lineOf,
  plotHistory,
  readHistory,
} from './report/history.js';
export { markdown } from './report/markdown.js';
export { commentOnPullRequest, type PullRequest, pullRequestOf } from './report/pull-request.js';
export type { Machine, ResultsFile } from './report/results-file.js';
export { describeReport, type FailureCall } from './report/text.js';
export { type FileResults, type RunOptions, run } from './run.js';
export type { ComparisonResult, Timing } from './timing/compare-with-peer.js';
export type { Acceptance } from './verdict/accepted.js';
export type { CheckEntry, CheckStatus } from './verdict/check-entry.js';
export type { CounterChange } from './verdict/counters.js';
