/** Tables of benchmarks and checks for people. */

import { formatTrailer } from '../base/trailers.js';
import type { CheckReport } from '../check.js';
import type { InstructionChange } from '../counting/change.js';
import { formatBytes, formatCount, formatTable, signedPercent } from '../format.js';
import type { ComparisonResult } from '../timing/compare-with-peer.js';
import { type CheckEntry, INSTRUCTIONS, SCALING } from '../verdict/check-entry.js';
import type { CounterChange } from '../verdict/counters.js';
import type { Machine } from './results-file.js';

export function describeMachineLine(machine: Machine): string {
  const threads = typeof machine['threads'] === 'number' ? `, ${machine['threads']} threads` : '';
  const { cpu, cores, variant, node, commit } = machine;
  return `${cpu}, ${cores} cores, ${variant}${threads}, node ${node}, ${commit}`;
}

export function describeComparisons(results: readonly ComparisonResult[]): string {
  const rows = results.map(({ name, sizes, unit, subject, peer, ratio, ratioSpread, target, peakMemoryBytes }) => [
    name,
    describeSizes(sizes),
    `${formatRate(subject.rate)} ${unit}/s`,
    `${formatSeconds(subject.medianSeconds)} +- ${formatSeconds(subject.spreadSeconds / 2)}`,
    peer === null ? '' : `${formatRate(peer.rate)} ${unit}/s (${peer.name})`,
    ratio === null ? '' : `${ratio.toFixed(2)} +- ${(ratioSpread! / 2).toFixed(2)}`,
    target === null ? '' : String(target),
    formatBytes(peakMemoryBytes),
  ]);
  const details = results.flatMap(({ name, details: figures }) =>
    Object.keys(figures).length === 0 ? [] : [`${name}: ${JSON.stringify(figures)}`],
  );
  return [
    formatTable([['benchmark', 'sizes', 'rate', 'median', 'peer', 'ratio', 'target', 'peak memory'], ...rows]),
    ...details,
  ].join('\n');
}

export function describeCheck(entries: readonly CheckEntry[]): string {
  const rows = entries.map(
    ({ change, processorChange, threshold, status, blocks, reason, counters, instructions, ...entry }) => [
      describeName(entry),
      describeSizes(entry.sizes),
      instructions.kind === 'counted' ? signedPercent(instructions.growth, 2) : '',
      change === null ? '' : signedPercent(change.center),
      change === null ? '' : interval(change),
      processorChange === null ? '' : interval(processorChange),
      `${Math.round(100 * threshold)} %`,
      String(blocks),
      [status, reason, ...counters.map(describeCounter)].filter((text) => text !== '').join('; '),
    ],
  );
  return [
    formatTable([
      ['benchmark', 'sizes', 'instructions', 'time', '99 % interval', 'processor time', 'limit', 'pairs', 'verdict'],
      ...rows,
    ]),
    ...describeCounting(entries),
  ].join('\n');
}

/** A benchmark has a second row for how well its work is spread over threads. */
export function describeName({ name, measures }: Pick<CheckEntry, 'name' | 'measures'>): string {
  return measures === 'scaling' ? `${name}, all threads / one` : name;
}

/** Says which build was counted, which benchmarks were not counted, and why. */
function describeCounting(entries: readonly CheckEntry[]): string[] {
  const variants = new Set(
    entries.flatMap(({ instructions }) => (instructions.kind === 'counted' ? (instructions.variant ?? []) : [])),
  );
  const missing = new Map<string, string[]>();
  const timed = entries.filter(({ measures }) => measures === 'time');
  for (const { name, instructions } of timed) {
    if (instructions.kind === 'counted' || instructions.reason === '') continue;
    missing.set(instructions.reason, [...(missing.get(instructions.reason) ?? []), name]);
  }
  return [
    ...(variants.size === 0
      ? []
      : [`Instructions are those of ${[...variants].join(', ')}, one thread, under Valgrind.`]),
    ...[...missing].map(
      ([reason, names]) => `Not counted: ${names.length === timed.length ? 'all' : names.join(', ')} (${reason})`,
    ),
  ];
}

/** How the project calls the check, for its advice. */
export interface FailureCall {
  command: string;
  /** File with the accepted slow-downs. */
  accepted: string;
}

/** Describes the outcome of a check: a table, and what to do about each failure. */
export function describeReport({ base, entries, failed, seconds }: CheckReport, call: FailureCall): string {
  if (base.kind === 'none') return `Nothing to compare with: ${base.why}.`;
  const commit = base.commit.slice(0, 10);
  if (base.kind === 'broken') return `Nothing to compare with: the base ${commit} does not build.\n${base.why}`;
  const failures = failed.length === 0 ? '' : `\n\n${describeFailures(failed, { ...call, base: base.commit })}`;
  return `Compared with ${commit} (${base.why}) in ${Math.round(seconds)} s\n\n${describeCheck(entries)}${failures}`;
}

/** Returns for each failure what happened, the functions with more instructions, and what to do. */
export function describeFailures(failed: readonly CheckEntry[], call: FailureCall & { base: string }): string {
  return failed.flatMap((entry) => describeAdvice(entry, call)).join('\n');
}

function describeAdvice(entry: CheckEntry, call: FailureCall & { base: string }): string[] {
  const { name: benchmark, instructions } = entry;
  const reproduce = `  Reproduce: ${call.command} --base ${call.base.slice(0, 10)} ${shellWord(benchmark)}`;
  const failure = `FAILED ${describeName(entry)}: ${describeFailure(entry)}`;
  const growth = acceptableGrowth(entry);
  if (growth === undefined) return [failure, reproduce];
  const { counter, share } = growth;
  const upTo = Math.ceil(100 * share) / 100;
  const accepted = { benchmark, ...(counter === undefined ? {} : { counter }), upTo };
  return [
    failure,
    ...describeFunctions(instructions),
    reproduce,
    `  Accept: end the commit message with "${formatTrailer({ ...accepted, reason: 'REASON' })}",`,
    `    or add ${JSON.stringify({ ...accepted, reason: '...', commit: '...' })} to ${call.accepted}`,
  ];
}

function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function describeFailure({ status, reason, change, instructions, counters }: CheckEntry): string {
  if (status === 'scales worse')
    return `${signedPercent(change!.center)} time on all threads / time on one, 99 % interval ${interval(change!)}`;
  if (status === 'slower') return `${signedPercent(change!.center)} time, 99 % interval ${interval(change!)}`;
  if (status === 'more instructions' && instructions.kind === 'counted') {
    const { base, head, growth } = instructions;
    const time = change === null ? '' : `; time ${interval(change)}`;
    return `${signedPercent(growth)} instructions (${formatCount(base)} -> ${formatCount(head)})${time}`;
  }
  if (status === 'more work') return describeCounter(counters.find(({ growth }) => growth > 0)!);
  return status === 'undecided' ? `undecided: ${reason}` : reason;
}

/** What an accepted slow-down would allow: time, or a counter. */
function acceptableGrowth(entry: CheckEntry): { counter?: string; share: number } | undefined {
  const { status, change, instructions, counters } = entry;
  if (status === 'slower') return { share: change!.high };
  if (status === 'scales worse') return { counter: SCALING, share: change!.high };
  if (status === 'more instructions' && instructions.kind === 'counted')
    return { counter: INSTRUCTIONS, share: instructions.growth };
  const grown = status === 'more work' ? counters.find(({ growth }) => growth > 0) : undefined;
  return grown && { counter: grown.counter, share: grown.growth };
}

/** Where the instructions went: functions with more, then functions with fewer. */
function describeFunctions(instructions: InstructionChange): string[] {
  if (instructions.kind === 'not counted') return [];
  return instructions.functions.map(({ name, base, head }) => {
    const share = signedPercent((head - base) / Math.max(1, instructions.base));
    const growth = `${head < base ? '-' : '+'}${formatCount(Math.abs(head - base))}`;
    return `  ${share.padStart(8)}  ${growth.padStart(12)}  ${shortName(name)}`;
  });
}

/** Names of templates can have thousands of characters. */
const NAME_WIDTH = 90;

function shortName(name: string): string {
  return name.length <= NAME_WIDTH ? name : `${name.slice(0, NAME_WIDTH - 3)}...`;
}

function describeCounter({ counter, base, head, growth }: CounterChange): string {
  const change = Number.isFinite(growth) ? ` (${signedPercent(growth)})` : '';
  return `${counter} ${formatCount(base)} -> ${formatCount(head)}${change}`;
}

function describeSizes(sizes: Record<string, number | string>): string {
  return Object.entries(sizes)
    .map((entry) => entry.join('='))
    .join(' ');
}

function interval({ low, high }: { low: number; high: number }): string {
  return `${signedPercent(low)} to ${signedPercent(high)}`;
}

function formatRate(rate: number): string {
  return rate >= 100 ? formatCount(rate) : rate.toPrecision(3);
}

function formatSeconds(seconds: number): string {
  if (seconds >= 1) return `${seconds.toPrecision(3)} s`;
  return seconds >= 1e-3 ? `${(1000 * seconds).toPrecision(3)} ms` : `${(1e6 * seconds).toPrecision(3)} us`;
}
