/**
 * Proves that the check decides beside other load: `npm run bench:proof -- --counted [--checks 40] [--tries 1] [--only
 * same|NAME] [--pieces N] [--keep]`.
 *
 * - `same`: a build compared with itself, `--checks` times, with a fifth of the benchmarks each. Every failure is a
 *   false alarm.
 * - Each slow-down of slow-edits.ts, put into a copy of dist/, `--tries` times. Every pass is a miss.
 *
 * Load on all cores runs beside every check. Each outcome is written to bench/results/proof-counted-SIMD.json
 * immediately, so that an interrupted proof of the same commit resumes, and `--pieces` ends it after some checks. The
 * outcomes of earlier commits are dropped, or stay with `--keep`. At the end, the outcomes of all kinds of machine are
 * written to docs/benchmarks.md.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

import { CACHE } from '../../packages/bench-gate/src/cache-folder.js';
import { CountCache } from '../../packages/bench-gate/src/counting/count-cache.js';
import { SAME_COUNT } from '../../packages/bench-gate/src/counting/iterations.js';
import { openRevision } from '../../packages/bench-gate/src/process/measurement.js';
import { describeMachine, type Machine } from '../../packages/bench-gate/src/report/results-file.js';
import { type CheckEntry, FAILURES } from '../../packages/bench-gate/src/verdict/check-entry.js';
import { checkBenchmarks, compareInstructions, countingTools, selectBenchmarks } from './compiled-gate.js';
import { environment } from './engine.js';
import { startLoad } from './load-generator.js';
import { replaceBetween } from './page-parts.js';
import { SLOW_EDITS, type SlowEdit, type SlowEditName } from './slow-edits.js';

/** Far more than counting needs. */
const COUNT_MILLISECONDS = 3_600_000;

/**
 * Time for pairs of processes after the count, per benchmark: about as much as in a check of all benchmarks, and more
 * for a slow-down that only time can show, as in a check of one benchmark.
 */
const TIME_SECONDS = { counted: 12, timed: 240 };

/** A check of the same build takes every fifth benchmark, the next check the next ones. */
const SHARE_OF_SAME = 5;

type Kind = 'same' | SlowEditName;

interface CountedOutcome {
  kind: Kind;
  commit: string;
  seconds: number;
  entries: Pick<CheckEntry, 'name' | 'status' | 'change' | 'processorChange' | 'blocks' | 'instructions' | 'reason'>[];
}

interface CountedProofFile {
  command: string;
  machine: Machine;
  outcomes: CountedOutcome[];
}

export interface CountedProofOptions {
  root: string;
  /** Page with the markers of the table. */
  page: string;
  checks: number;
  tries: number;
  pieces: number;
  only?: string | undefined;
  /** Adds to the outcomes of earlier commits. */
  keep: boolean;
}

export async function runCountedProof({
  root,
  page,
  checks,
  tries,
  pieces,
  only,
  keep,
}: CountedProofOptions): Promise<void> {
  const machine = await describeMachine(root, await environment(openRevision(root)));
  const path = join(root, 'bench', 'results', `proof-counted-${machine.variant}.json`);
  const commit = machine.commit.replace(/-dirty$/, '');
  const earlier = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as CountedProofFile).outcomes : [];
  const outcomes = earlier.filter((outcome) => keep || outcome.commit === commit);
  const kinds = ([...Object.keys(SLOW_EDITS), 'same'] as Kind[]).filter((kind) => only === undefined || kind === only);
  if (kinds.length === 0) throw new Error(`Expected --only same | ${Object.keys(SLOW_EDITS).join(' | ')}`);
  let left = pieces;
  for (const kind of kinds) {
    const done = (): number => outcomes.filter((outcome) => outcome.kind === kind).length;
    for (; done() < (kind === 'same' ? checks : tries) && left > 0; left--) {
      const outcome = { kind, commit, ...(await check({ root, kind, round: done(), commit })) };
      outcomes.push(outcome);
      const file: CountedProofFile = { command: 'npm run bench:proof -- --counted', machine, outcomes };
      writeFileSync(path, `${JSON.stringify(file, null, 1)}\n`);
      console.log(describe(outcome));
    }
  }
  writeTables(page, join(root, 'bench', 'results'));
}

interface CheckPlace {
  root: string;
  kind: Kind;
  /** Number of earlier checks of this kind. */
  round: number;
  commit: string;
}

async function check({ root, kind, round, commit }: CheckPlace): Promise<Pick<CountedOutcome, 'seconds' | 'entries'>> {
  const edit: SlowEdit | undefined = kind === 'same' ? undefined : SLOW_EDITS[kind];
  const all = [...new Set(Object.values(SLOW_EDITS).map(({ benchmark }) => benchmark))].sort();
  const names = edit ? [edit.benchmark] : all.filter((_, i) => i % SHARE_OF_SAME === round % SHARE_OF_SAME);
  const benchmarks = await selectBenchmarks(root, { paths: ['bench'], names, purpose: 'check' });
  const tools = await countingTools(root);
  if ('missing' in tools) throw new Error(tools.missing);
  const { requests, valgrind } = tools;
  const identity = { build: commit, definitions: commit, valgrind };
  const sides = { base: { root }, head: { root: edit ? copyWith(root, edit) : root } };
  const stops = Array.from({ length: availableParallelism() }, () => startLoad({ pauses: false }));
  const begin = performance.now();
  try {
    const instructions = await compareInstructions(benchmarks, {
      ...sides,
      requests,
      baseCache: new CountCache(join(root, CACHE, 'counts'), identity),
      deadline: begin + COUNT_MILLISECONDS,
    });
    const entries = await checkBenchmarks(benchmarks, {
      ...sides,
      accepted: [],
      baseVersions: new Map(),
      instructions,
      budgetSeconds: (edit?.executesNothing ? TIME_SECONDS.timed : TIME_SECONDS.counted) * benchmarks.length,
    });
    const own = entries.filter(({ measures }) => measures === 'time');
    return {
      seconds: Math.round((performance.now() - begin) / 1000),
      entries: own.map(({ name, status, change, processorChange, blocks, reason, instructions: counted }) => {
        return { name, status, change, processorChange, blocks, reason, instructions: counted };
      }),
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

const percent = (share: number): string => `${share < 0 ? '-' : '+'}${Math.abs(100 * share).toFixed(1)} %`;

function failed({ entries }: Pick<CountedOutcome, 'entries'>): boolean {
  return entries.some(({ status }) => FAILURES.includes(status));
}

function figures({ change, instructions }: CountedOutcome['entries'][number]): { counted: string; time: string } {
  return {
    counted: instructions.kind === 'counted' ? percent(instructions.growth) : `not counted: ${instructions.reason}`,
    time: change === null ? 'unknown' : `${percent(change.low)} to ${percent(change.high)}`,
  };
}

function describe({ kind, seconds, entries }: CountedOutcome): string {
  const what = kind === 'same' ? 'the same build' : SLOW_EDITS[kind].what;
  return [
    `${kind} (${what}): ${failed({ entries }) ? 'failed' : 'passed'} after ${seconds} s`,
    ...entries.map((entry) => {
      const { counted, time } = figures(entry);
      return `  ${entry.name}: ${entry.status}; instructions ${counted}, time ${time}`;
    }),
  ].join('\n');
}

/** Writes what was found on each kind of machine. */
function writeTables(page: string, results: string): void {
  const files = readdirSync(results).filter((name) => /^proof-counted-.+\.json$/.test(name));
  const tables = files.sort().map((name) => {
    const { machine, outcomes } = JSON.parse(readFileSync(join(results, name), 'utf8')) as CountedProofFile;
    const { cpu, cores, variant } = machine;
    const heading = `${cpu}, ${cores} cores, ${variant}, load on every core (bench/results/${name}).`;
    return [heading, ...describeSame(outcomes), ...tableOfEdits(outcomes)].join('\n');
  });
  replaceBetween(page, 'counted-proof', tables.join('\n\n'));
}

/** Counts the false alarms. */
function describeSame(outcomes: readonly CountedOutcome[]): string[] {
  const same = outcomes.filter(({ kind }) => kind === 'same');
  if (same.length === 0) return [];
  const benchmarks = same.flatMap(({ entries }) => entries);
  const undecided = benchmarks.filter(({ status }) => status === 'undecided').length;
  return [
    `A build compared with itself: ${same.length} checks of ${benchmarks.length} benchmarks in all, ` +
      `${same.filter(failed).length} false alarms, ${undecided} undecided. ${describeCounts(benchmarks)}`,
  ];
}

/** Says how well both sides agreed. */
function describeCounts(entries: CountedOutcome['entries']): string {
  const differences = entries.flatMap(({ instructions }) =>
    instructions.kind === 'counted' ? [Math.abs(instructions.growth)] : [],
  );
  const equal = differences.filter((difference) => difference <= SAME_COUNT).length;
  return (
    `In ${equal} of ${differences.length} counts, both sides agreed to ${100 * SAME_COUNT} %; ` +
    `the largest difference was ${(100 * Math.max(...differences)).toFixed(2)} %.`
  );
}

/** Returns a row for each slow-down. */
function tableOfEdits(outcomes: readonly CountedOutcome[]): string[] {
  const rows = outcomes.flatMap((outcome) => {
    const { kind, entries, seconds } = outcome;
    if (kind === 'same') return [];
    const [entry] = entries as [CountedOutcome['entries'][number]];
    const { counted, time } = figures(entry);
    const verdict = failed(outcome) ? `caught: ${entry.status}` : `**missed**: ${entry.status}`;
    return [`| ${SLOW_EDITS[kind].what} | \`${entry.name}\` | ${counted} | ${time} | ${verdict} | ${seconds} |`];
  });
  if (rows.length === 0) return [];
  return [
    '',
    '| Slow-down | Benchmark | Instructions | Time, 99 % interval | Verdict | Seconds |',
    '|---|---|---:|---:|---|---:|',
    ...rows,
  ];
}
