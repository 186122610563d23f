/** The complete pipeline from values to question-answer records, stage by stage. */

import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { throwIfAborted } from '../core/abort.js';
import { EngineError } from '../core/errors.js';
import { FolderLock } from '../core/folder-lock.js';
import { makeFolder } from '../core/make-folder.js';
import { OPTIONAL_FEATURES } from '../core/optional-features.js';
import { importOptional } from '../core/optional-package.js';
import {
  expectCallback,
  expectCallbacks,
  expectInRange,
  expectObject,
  expectOneOf,
  expectOptions,
  expectSignal,
} from '../core/validate.js';
import { hashFile } from '../records/input-files.js';
import { AnswerChecks } from './answer-checks.js';
import { Budget, type Spending } from './budget.js';
import { CallRunner } from './call-runner.js';
import { CallStore } from './call-store.js';
import type { EndpointQueue } from './endpoint-queue.js';
import { expectProject } from './expect-project.js';
import { rememberObjects } from './own-objects.js';
import { type Project, usedEndpoints } from './project.js';
import { ProjectFolder, type StageState } from './project-folder.js';
import type { Endpoint } from './project-types.js';
import { type Attempt, openEndpoint } from './providers/open-endpoint.js';
import { RecordFileWriter } from './record-file.js';
import type { ValueRecord } from './records.js';
import { runCallStage, type StageRun } from './run-call-stage.js';
import { runFilter } from './run-filter.js';
import { callStages } from './stages/call-stages.js';
import { STAGE_NAMES, type StageName } from './stages/stage.js';

/** Callbacks during `generate`. */
export interface GenerateEvents {
  onOpen?(storedCalls: number, damaged: number): void;
  /** A stage starts. `reused`: its result is reused because nothing has changed. */
  onStage?(stage: StageName, reused: boolean): void;
  onProgress?(stage: StageName, done: number, total: number): void;
  onStageEnd?(stage: StageName, state: StageState): void;
}

/** Options of `generate`. */
export interface GenerateOptions {
  /** Environment variables that hold the keys of endpoints. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Opens an endpoint for calls. @default this process */
  openEndpoint?: ((name: string, endpoint: Endpoint) => Promise<Attempt>) | undefined;
  /** Last stage to run. @default all */
  until?: StageName | undefined;
  events?: GenerateEvents;
  signal?: AbortSignal | undefined;
  /** First pause before a retry, for tests. @default 500 ms */
  firstPauseMs?: number | undefined;
}

const OPTIONS = ['env', 'openEndpoint', 'until', 'events', 'signal', 'firstPauseMs'] as const;

/** What one stage did. */
export interface StageSummary extends StageState {
  stage: StageName;
  reused: boolean;
}

/** What `generate` did. */
export interface GenerateSummary {
  out: string;
  stages: StageSummary[];
  /** Calls made by this run, and repeated attempts. */
  newCalls: number;
  retries: number;
  /** Spending of this run and earlier ones. */
  spent: Spending;
  spentBy: { stage: string; model: string; spending: Spending }[];
  /** File of the records; undefined unless the last stage is done. */
  qa: string | undefined;
}

/**
 * Runs or resumes a project. Results of calls are stored before they count: a killed run loses at most the calls in
 * flight, and a rerun makes no call twice. After a change of a prompt or setting, only the affected calls are made
 * again.
 *
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_REMOTE`, `ERR_BUDGET`, `ERR_BUSY` if another process runs
 *   the project, `ERR_DATA`, `ERR_IO`, `ERR_ABORTED`
 */
export async function generate(project: Project, options: GenerateOptions = {}): Promise<GenerateSummary> {
  return generateChecked(expectProject(project), expectGenerateOptions(options));
}

async function generateChecked(project: Project, options: GenerateOptions): Promise<GenerateSummary> {
  const { out } = project;
  await makeFolder(join(out, 'rejects'));
  const lock = await FolderLock.acquire(join(out, '.lock'));
  let store: CallStore | undefined;
  try {
    const budget = new Budget(project.budget);
    store = await CallStore.open(join(out, 'calls'), (meta) => budget.add(meta), { signal: options.signal });
    options.events?.onOpen?.(store.size, store.damaged);
    return await runStages(project, store, budget, options);
  } finally {
    await store?.close();
    await lock.release();
  }
}

function expectGenerateOptions(options: unknown): GenerateOptions {
  const given = expectOptions(options, 'options', OPTIONS);
  const { env, openEndpoint: open, until, events, signal, firstPauseMs } = given;
  if (env !== undefined) expectObject(env, 'env');
  expectCallback(open as () => unknown, 'openEndpoint');
  if (until !== undefined) expectOneOf(until, 'until', STAGE_NAMES);
  expectCallbacks(events, 'events', ['onOpen', 'onStage', 'onProgress', 'onStageEnd']);
  expectSignal(signal, 'signal');
  if (firstPauseMs !== undefined) expectInRange(firstPauseMs, 'firstPauseMs', 0, 2 ** 31 - 1);
  return given as GenerateOptions;
}

async function runStages(
  project: Project,
  store: CallStore,
  budget: Budget,
  options: GenerateOptions,
): Promise<GenerateSummary> {
  const { until, signal } = options;
  const folder = await ProjectFolder.open(project.out);
  const before = store.size;
  const queues = await openEndpoints(project, options);
  const runner = new CallRunner(store, budget, queues);
  const stages: StageSummary[] = [];
  let input = { path: folder.file('values'), ...(await writeValues(folder.file('values'), project.values)) };
  for (const stage of STAGE_NAMES.slice(0, until === undefined ? undefined : STAGE_NAMES.indexOf(until) + 1)) {
    throwIfAborted(signal);
    const files = { input: input.path, output: folder.file(stage), rejects: folder.rejectsFile(stage) };
    const fingerprint = fingerprintOf(project, stage, input.sha256);
    const known = folder.state(stage);
    const reused =
      known?.fingerprint === fingerprint && known.failedCalls === 0 && (await isUnchanged(files.output, known, signal));
    options.events?.onStage?.(stage, reused);
    const state = reused
      ? known
      : await doStage(project, stage, files, input.records, { store, runner, fingerprint }, options);
    if (!reused) await folder.setState(stage, state);
    options.events?.onStageEnd?.(stage, state);
    if (state.output.records === 0)
      throw new EngineError('ERR_DATA', `The stage ${stage} produced no records. See ${files.rejects} for the reasons`);
    stages.push({ stage, reused, ...state });
    input = { path: files.output, ...state.output };
  }
  return rememberObjects({
    out: project.out,
    stages,
    newCalls: store.size - before,
    retries: [...queues.values()].reduce((sum, { retries }) => sum + retries, 0),
    spent: budget.total,
    spentBy: STAGE_NAMES.flatMap((stage) =>
      [...budget.of(stage)].map(([model, spending]) => ({ stage, model, spending })),
    ),
    qa: stages.length === STAGE_NAMES.length ? folder.file('back-translation') : undefined,
  });
}

async function doStage(
  project: Project,
  name: StageName,
  files: { input: string; output: string; rejects: string },
  inputRecords: number,
  { store, runner, fingerprint }: { store: CallStore; runner: CallRunner; fingerprint: string },
  { env = {}, signal, events }: GenerateOptions,
): Promise<StageState> {
  const start = performance.now();
  const onProgress = (done: number, total: number): void => events?.onProgress?.(name, done, total);
  const checks = new AnswerChecks(project.languageTable, env);
  try {
    const run: StageRun =
      name === 'filter'
        ? await runFilter(project, files, signal)
        : await runCallStage(callStages(project, checks.check)[name], files, inputRecords, {
            store,
            runner,
            maxFailedShare: project.failures.share,
            signal,
            onProgress,
          });
    return { ...run, fingerprint, seconds: (performance.now() - start) / 1000 };
  } finally {
    await checks.end();
  }
}

async function openEndpoints(
  project: Project,
  { env = {}, openEndpoint: openElsewhere, signal, firstPauseMs }: GenerateOptions,
): Promise<Map<string, EndpointQueue>> {
  const { EndpointQueue } = await importOptional(OPTIONAL_FEATURES.generation, () => import('./endpoint-queue.js'));
  const open = async ([name, endpoint]: [string, Endpoint]): Promise<[string, EndpointQueue]> => {
    const attempt = await (openElsewhere?.(name, endpoint) ?? openEndpoint(name, endpoint, env));
    return [
      name,
      new EndpointQueue(name, endpoint, attempt, { failuresInARow: project.failures.inARow, signal, firstPauseMs }),
    ];
  };
  return new Map(await Promise.all([...usedEndpoints(project)].map(open)));
}

async function writeValues(path: string, values: readonly ValueRecord[]) {
  const writer = await RecordFileWriter.create<ValueRecord>(path);
  try {
    for (const value of values) await writer.add(value);
    return await writer.finish();
  } finally {
    await writer.discard();
  }
}

/**
 * Covers more than needed on purpose: a stage that is repeated needlessly finds all its calls in the store and takes
 * only seconds.
 */
function fingerprintOf(project: Project, stage: StageName, inputSha256: string): string {
  const { seed, prompts, models, generator, translators, languageTable, encoder, languages, filter } = project;
  const settings = stage === 'filter' ? { version: 1, filter, encoder } : callStages(project)[stage];
  const parts = {
    stage,
    inputSha256,
    settings,
    seed,
    prompts,
    models,
    generator,
    languages,
    translators: [...translators],
    languageTable: [...languageTable],
  };
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

async function isUnchanged(path: string, { output }: StageState, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    return (await hashFile(path, signal)).sha256 === output.sha256;
  } catch (error) {
    if (error instanceof EngineError && error.code === 'ERR_DATA') return false;
    throw error;
  }
}
