/** Prints a results file as tables: engines at equal recall, what a promise costs, and building. */
import { median } from '../../packages/bench-gate/src/timing/statistics.js';
import { markdownTable } from '../../src/evaluation/markdown-table.js';
import { atRecall } from './equal-recall.js';
import { PEER } from './kinds.js';
import type { CurvePoint, LookupFile, LookupResult } from './report.js';

const RECALLS = [0.95, 0.98, 0.99, 0.995];
const FIGURES = ['setting', 'p50Ms', 'p99Ms', 'perSecond1', 'perSecond2', 'cpuMsAlone', 'cpuMsTogether'] as const;
const MIB = 2 ** 20;
const NONE = '–';

type Figures = Record<(typeof FIGURES)[number], number>;

export function lookupTables(file: LookupFile): string {
  return [recallTable(file), promiseTable(file), buildTable(file)].join('\n\n');
}

function curve({ points }: LookupResult, k: number): CurvePoint[] {
  return points.filter((point) => point.k === k);
}

function figuresAt(result: LookupResult, k: number, recall: number): Figures | undefined {
  const points = curve(result, k);
  if (
    atRecall(
      points.map((point) => ({ ...point, value: 1 })),
      recall,
    ) === null
  )
    return undefined;
  const entries = FIGURES.map((figure) => [
    figure,
    atRecall(
      points.map((point) => ({ recall: point.recall, value: point[figure] })),
      recall,
    ),
  ]);
  return Object.fromEntries(entries) as Figures;
}

/** In brackets: how many times as fast as the peer. */
function recallTable({ results }: LookupFile): string {
  const peer = results.find(({ name }) => name === PEER);
  const lines = ksOf(results).flatMap((k) =>
    RECALLS.flatMap((recall) =>
      results.map((result) => {
        const cells = [`${recall} @${k}`, result.name];
        const own = figuresAt(result, k, recall);
        if (!own) return [...cells, ...FIGURES.map(() => NONE)];
        const base = peer && peer !== result ? figuresAt(peer, k, recall) : undefined;
        const times = (ratio: (base: Figures) => number): string => (base ? ` (${ratio(base).toFixed(2)})` : '');
        return [
          ...cells,
          own.setting.toFixed(0),
          `${own.p50Ms.toFixed(3)}${times(({ p50Ms }) => p50Ms / own.p50Ms)}`,
          `${own.p99Ms.toFixed(3)}${times(({ p99Ms }) => p99Ms / own.p99Ms)}`,
          `${own.perSecond1.toFixed(0)}${times(({ perSecond1 }) => own.perSecond1 / perSecond1)}`,
          `${own.perSecond2.toFixed(0)}${times(({ perSecond2 }) => own.perSecond2 / perSecond2)}`,
          `${own.cpuMsAlone.toFixed(3)}${times(({ cpuMsAlone }) => cpuMsAlone / own.cpuMsAlone)}`,
          `${own.cpuMsTogether.toFixed(3)}${times(({ cpuMsTogether }) => cpuMsTogether / own.cpuMsTogether)}`,
        ];
      }),
    ),
  );
  const rates = ['queries/s, 1 thread', 'queries/s, 2 threads', 'CPU ms alone', 'CPU ms in a batch'];
  return markdownTable(['recall', 'kind', 'setting', 'p50 ms', 'p99 ms', ...rates], lines);
}

/** What `search`, which computes on another thread and returns a promise, costs more than `searchSync`. */
function promiseTable({ results }: LookupFile): string {
  const ours = results.filter(({ points }) => points.some(({ awaitedMs }) => awaitedMs !== null));
  const lines = ours.map((result) => [
    result.name,
    ...ksOf(results).flatMap((k) => {
      const points = curve(result, k);
      const waiting = points.map(({ meanMs, awaitedMs }) => 1000 * ((awaitedMs ?? 0) - meanMs));
      const working = points.map(({ cpuMsAlone, cpuMsAwaited }) => 1000 * ((cpuMsAwaited ?? 0) - cpuMsAlone));
      return [waiting, working].map((extra) => median(extra).toFixed(0));
    }),
  ]);
  const header = ksOf(results).flatMap((k) => [`k = ${k}: µs`, `k = ${k}: CPU µs`]);
  return markdownTable(['search rather than searchSync', ...header], lines);
}

function buildTable({ results }: LookupFile): string {
  const mib = (bytes: number | undefined): string => (bytes === undefined ? NONE : (bytes / MIB).toFixed(0));
  const lines = results.map(({ name, built, openSeconds, residentBytes, programBytes }) => [
    name,
    built?.buildSeconds.toFixed(1) ?? NONE,
    built?.buildCpuSeconds.toFixed(1) ?? NONE,
    mib(built?.buildPeakBytes),
    mib(built?.fileBytes),
    openSeconds.toFixed(2),
    mib(residentBytes),
    mib(programBytes),
  ]);
  const header = [
    'kind',
    'built in s',
    'CPU s',
    'peak MiB',
    'file MiB',
    'opened in s',
    'searching MiB',
    'of it the program',
  ];
  return markdownTable(header, lines);
}

function ksOf(results: readonly LookupResult[]): number[] {
  return [...new Set(results.flatMap(({ points }) => points.map(({ k }) => k)))];
}
