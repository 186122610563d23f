/**
 * Proves that counted instructions decide what time cannot: `npm run bench:proof -- --counted [--checks 3] [--only
 * same|NAME]`.
 *
 * - `same`: a build compared with itself, `--checks` times. Every failure is a false alarm.
 * - Each slow-down of slow-edits.ts, put into a copy of dist/, `--checks` times. Every pass is a miss.
 *
 * Load on all cores runs beside every check. Each outcome is written to bench/results/proof-counted-SIMD.json
 * immediately, so that an interrupted proof of the same commit resumes.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

import { CACHE } from '../../src/benchmarking/base-build.js';
import { type CheckEntry, checkBenchmarks, FAILURES } from '../../src/benchmarking/check.js';
import { compileClientRequests } from '../../src/benchmarking/counting/client-requests.js';
import { countBenchmarks } from '../../src/benchmarking/counting/count.js';
import { selectBenchmarks } from '../../src/benchmarking/find-benchmarks.js';
import { openRevision } from '../../src/benchmarking/measurement.js';
import { describeMachine, type Machine } from '../../src/benchmarking/results-file.js';
import { environment } from './engine.js';
import { startLoad } from './load-generator.js';
import { SLOW_EDITS, type SlowEdit, type SlowEditName } from './slow-edits.js';

/** Far more than counting needs. */
const COUNT_MILLISECONDS = 3_600_000;

/** Time for pairs of processes after the count. */
const TIME_SECONDS = 60;

type Kind = 'same' | SlowEditName;

interface CountedOutcome {
  kind: Kind;
  commit: string;
  seconds: number;
  entries: Pick<CheckEntry, 'name' | 'status' | 'change' | 'blocks' | 'instructions'>[];
}

interface CountedProofFile {
  command: string;
  machine: Machine;
  outcomes: CountedOutcome[];
}

export async function runCountedProof(root: string, { checks, only }: { checks: number; only?: string | undefined }) {
  const machine = await describeMachine(root, await environment(openRevision(root)));
  const path = join(root, 'bench', 'results', `proof-counted-${machine.variant}.json`);
  const commit = machine.commit.replace(/-dirty$/, '');
  const earlier = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as CountedProofFile).outcomes : [];
  const outcomes = earlier.filter((outcome) => outcome.commit === commit);
  const kinds = (['same', ...Object.keys(SLOW_EDITS)] as Kind[]).filter((kind) => only === undefined || kind === only);
  if (kinds.length === 0) throw new Error(`Expected --only same | ${Object.keys(SLOW_EDITS).join(' | ')}`);
  for (const kind of kinds) {
    while (outcomes.filter((outcome) => outcome.kind === kind).length < checks) {
      const outcome = { kind, commit, ...(await check(root, kind)) };
      outcomes.push(outcome);
      const file: CountedProofFile = { command: 'npm run bench:proof -- --counted', machine, outcomes };
      writeFileSync(path, `${JSON.stringify(file, null, 1)}\n`);
      console.log(describe(outcome));
    }
  }
}

async function check(root: string, kind: Kind): Promise<Pick<CountedOutcome, 'seconds' | 'entries'>> {
  const edit: SlowEdit | undefined = kind === 'same' ? undefined : SLOW_EDITS[kind];
  const names = edit ? [edit.benchmark] : [...new Set(Object.values(SLOW_EDITS).map(({ benchmark }) => benchmark))];
  const benchmarks = await selectBenchmarks(root, { paths: ['bench'], names, purpose: 'check' });
  const requests = await compileClientRequests(join(root, CACHE));
  if ('missing' in requests) throw new Error(requests.missing);
  const sides = { base: { root }, head: { root: edit ? copyWith(root, edit) : root } };
  const stops = Array.from({ length: availableParallelism() }, () => startLoad({ pauses: false }));
  const begin = performance.now();
  const deadline = begin + COUNT_MILLISECONDS;
  try {
    const instructions = await countBenchmarks(benchmarks, { ...sides, requests: requests.path, deadline });
    const entries = await checkBenchmarks(benchmarks, {
      ...sides,
      accepted: [],
      baseVersions: new Map(),
      instructions,
      budgetSeconds: TIME_SECONDS,
    });
    return {
      seconds: Math.round((performance.now() - begin) / 1000),
      entries: entries.map(({ name, status, change, blocks, instructions: counted }) => ({
        name,
        status,
        change,
        blocks,
        instructions: counted,
      })),
    };
  } finally {
    for (const stop of stops) stop();
  }
}

/** Copies dist/ with the edit. The addon and everything else is linked. */
function copyWith(root: string, { file, find, replace }: SlowEdit): string {
  const copy = join(root, CACHE, 'edited');
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  cpSync(join(root, 'dist'), join(copy, 'dist'), { recursive: true });
  for (const name of ['build', 'models', 'package.json', 'node_modules'])
    symlinkSync(join(root, name), join(copy, name));
  const path = join(copy, 'dist', file);
  const source = readFileSync(path, 'utf8');
  if (source.split(find).length !== 2) throw new Error(`${path} must contain "${find}" once`);
  writeFileSync(
    path,
    source.replace(find, () => replace),
  );
  return copy;
}

function describe({ kind, seconds, entries }: CountedOutcome): string {
  const what = kind === 'same' ? 'the same build' : SLOW_EDITS[kind].what;
  const failed = entries.some(({ status }) => FAILURES.includes(status));
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  return [
    `${kind} (${what}): ${failed ? 'failed' : 'passed'} after ${seconds} s`,
    ...entries.map(({ name, status, change, instructions }) => {
      const count = instructions.kind === 'counted' ? percent(instructions.growth) : instructions.reason;
      const time = change === null ? 'unknown' : `${percent(change.low)} to ${percent(change.high)}`;
      return `  ${name}: ${status}; instructions ${count}, time ${time}`;
    }),
  ].join('\n');
}
