/** Tables of benchmarks and checks for people. */
import type { CheckEntry } from '../../benchmarking/check.js';
import type { ComparisonResult } from '../../benchmarking/compare-with-peer.js';
import type { CounterChange } from '../../benchmarking/counters.js';
import type { Machine } from '../../benchmarking/results-file.js';
import { formatBytes, formatCount, formatTable } from '../format.js';

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
  const rows = entries.map(({ name, sizes, change, threshold, status, blocks, reason, counters }) => [
    name,
    describeSizes(sizes),
    change === null ? '' : signedPercent(change.center),
    change === null ? '' : interval(change),
    `${Math.round(100 * threshold)} %`,
    String(blocks),
    [status, reason, ...counters.map(describeCounter)].filter((text) => text !== '').join('; '),
  ]);
  return formatTable([['benchmark', 'sizes', 'change', '99 % interval', 'limit', 'pairs', 'verdict'], ...rows]);
}

/** Returns two lines for each failure: what happened, and what to do. */
export function describeFailures(
  failed: readonly CheckEntry[],
  call: { base: string; command: string; accepted: string },
): string {
  return failed
    .flatMap((entry) => {
      const grown = entry.counters.find(({ growth }) => growth > 0);
      const reproduce = `${call.command} --base ${call.base.slice(0, 10)} ${entry.name}`;
      if (entry.status === 'broken') return [`FAILED ${entry.name}: ${entry.reason}`, `  Reproduce: ${reproduce}`];
      const isTime = entry.status === 'slower';
      const what = isTime
        ? `${signedPercent(entry.change!.center)} time, 99 % interval ${interval(entry.change!)}`
        : describeCounter(grown!);
      const share = isTime ? entry.change!.high : grown!.growth;
      const acceptance = {
        benchmark: entry.name,
        ...(isTime ? {} : { counter: grown!.counter }),
        upTo: Math.ceil(100 * share) / 100,
        reason: '...',
        commit: '...',
      };
      return [
        `FAILED ${entry.name}: ${what}`,
        `  Reproduce: ${reproduce}   Accept: add ${JSON.stringify(acceptance)} to ${call.accepted}`,
      ];
    })
    .join('\n');
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

function signedPercent(share: number): string {
  return `${share < 0 ? '-' : '+'}${Math.abs(100 * share).toFixed(1)} %`;
}

function formatRate(rate: number): string {
  return rate >= 100 ? formatCount(rate) : rate.toPrecision(3);
}

function formatSeconds(seconds: number): string {
  if (seconds >= 1) return `${seconds.toPrecision(3)} s`;
  return seconds >= 1e-3 ? `${(1000 * seconds).toPrecision(3)} ms` : `${(1e6 * seconds).toPrecision(3)} us`;
}
