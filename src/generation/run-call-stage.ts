import { throwIfAborted } from '../core/abort.js';
import { EngineError } from '../core/errors.js';
import { callKey } from './call.js';
import type { CallRunner } from './call-runner.js';
import type { CallStore } from './call-store.js';
import { type FileSummary, RecordFileWriter, readRecordFile } from './record-file.js';
import type { Reject } from './records.js';
import type { CallStage, Outcome } from './stages/stage.js';

export interface StageFiles {
  input: string;
  output: string;
  rejects: string;
}

export interface StageRun {
  output: FileSummary;
  inputs: number;
  rejects: Record<string, number>;
  calls: number;
  failedCalls: number;
}

export interface RunOptions {
  store: CallStore;
  runner: CallRunner;
  /** Share of the calls that may fail permanently. */
  maxFailedShare: number;
  signal?: AbortSignal | undefined;
  /** `done` of about `total` calls of the stage are finished. */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Number of records from which the number of calls is estimated. */
const SAMPLE = 200;

/**
 * Runs a stage over a file of records: makes the missing calls, then builds records from all results. Holds only the
 * calls in flight and the failures in memory.
 *
 * @throws EngineError like {@link CallRunner}, and `ERR_REMOTE` if too many calls failed permanently
 */
export async function runCallStage<I extends object, O extends object>(
  stage: CallStage<I, O>,
  files: StageFiles,
  inputRecords: number,
  options: RunOptions,
): Promise<StageRun> {
  const { runner, store, maxFailedShare, signal } = options;
  await makeCalls(stage, files.input, inputRecords, options);
  let calls = 0;
  let failedCalls = 0;
  const reasons = new Map<string, number>();
  const outcomesOf = async (record: I): Promise<Outcome[]> =>
    Promise.all(
      stage.calls(record).map(async (call) => {
        calls++;
        const key = callKey(call);
        const result = await store.get(key);
        if (result) return result;
        const failure = runner.failures.get(key);
        if (failure === undefined)
          throw new EngineError('ERR_INTERNAL', `A call of the stage ${stage.name} was neither made nor failed`);
        failedCalls++;
        reasons.set(failure, (reasons.get(failure) ?? 0) + 1);
        return { failure };
      }),
    );
  const run = await assemble(
    files,
    async (record) => stage.records(record as I, await outcomesOf(record as I)),
    signal,
  );
  if (failedCalls > maxFailedShare * calls) {
    const [[reason, count]] = [...reasons].sort((a, b) => b[1] - a[1]) as [[string, number]];
    throw new EngineError(
      'ERR_REMOTE',
      `${failedCalls} of ${calls} calls of the stage ${stage.name} failed permanently, ` +
        `${count} of them with: ${reason}. Run the same command again to retry them, or raise "failures.share"`,
    );
  }
  return { ...run, calls, failedCalls };
}

async function makeCalls<I extends object, O>(
  stage: CallStage<I, O>,
  input: string,
  inputRecords: number,
  { runner, signal, onProgress }: RunOptions,
): Promise<void> {
  const total = await estimateCalls(stage, input, inputRecords);
  let done = 0;
  const count = (): void => onProgress?.(++done, Math.max(done, total));
  const lane = async (model: string): Promise<void> => {
    for await (const record of readRecordFile<I>(input, signal)) {
      for (const call of stage.calls(record, model)) {
        if (call.model === model && !(await runner.start(call, count))) count();
      }
    }
  };
  // Lanes run concurrently, so that a slow model does not delay the others. All are awaited, even if one fails.
  const lanes = await Promise.allSettled(stage.lanes.map(lane));
  await runner.settle();
  for (const result of lanes) if (result.status === 'rejected') throw result.reason;
}

async function estimateCalls<I extends object, O>(
  stage: CallStage<I, O>,
  input: string,
  inputRecords: number,
): Promise<number> {
  let records = 0;
  let calls = 0;
  for await (const record of readRecordFile<I>(input)) {
    calls += stage.calls(record).length;
    if (++records === SAMPLE) break;
  }
  return records === 0 ? 0 : Math.round((calls * inputRecords) / records);
}

/** Writes the output of `make` for each record. */
async function assemble(
  { input, output, rejects }: StageFiles,
  make: (record: object) => Promise<{ records: object[]; rejects: Reject[] }>,
  signal: AbortSignal | undefined,
): Promise<Pick<StageRun, 'output' | 'inputs' | 'rejects'>> {
  const writer = await RecordFileWriter.create(output);
  const rejected = await RecordFileWriter.create<Reject>(rejects);
  const counts: Record<string, number> = {};
  let inputs = 0;
  try {
    for await (const record of readRecordFile(input, signal)) {
      inputs++;
      const made = await make(record);
      for (const entry of made.records) await writer.add(entry);
      for (const entry of made.rejects) {
        counts[entry.reason] = (counts[entry.reason] ?? 0) + 1;
        await rejected.add(entry);
      }
    }
    throwIfAborted(signal);
    await rejected.finish();
    return { output: await writer.finish(), inputs, rejects: counts };
  } finally {
    await writer.discard();
    await rejected.discard();
  }
}
