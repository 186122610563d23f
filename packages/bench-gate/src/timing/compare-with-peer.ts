/**
 * Times a benchmark and its peer in one process, interleaved as A B B A, so that drift of the machine affects both
 * equally.
 */

import { BenchmarkProcess, type BenchmarkTarget } from '../process/child-process.js';
import type { BenchmarkInfo, Finish } from '../process/protocol.js';
import { SAMPLE_SECONDS } from './block.js';
import { median, quantile } from './statistics.js';
import { iterationsFor } from './team.js';

export interface Timing {
  name: string;
  /** Median time of one iteration. */
  medianSeconds: number;
  /** Interquartile range over rounds. */
  spreadSeconds: number;
  /** Work units per second at the median. */
  rate: number;
}

export interface ComparisonResult {
  name: string;
  sizes: Record<string, number | string>;
  unit: string;
  subject: Timing;
  peer: Timing | null;
  /** Median over rounds of (subject rate / peer rate). Above 1, the subject is faster. */
  ratio: number | null;
  /** Interquartile range of this ratio. */
  ratioSpread: number | null;
  target: number | null;
  peakMemoryBytes: number;
  counters: Finish['counters'];
  details: Record<string, unknown>;
}

export interface Comparison {
  result: ComparisonResult;
  environment: Finish['environment'];
}

/** Compares a benchmark with its peer. @throws EngineError if either gives a wrong result or fails */
export async function compareWithPeer(
  benchmark: BenchmarkInfo,
  root: string,
  signal?: AbortSignal,
): Promise<Comparison> {
  const target: BenchmarkTarget = { benchmark, root, signal };
  const { process, seconds } = await BenchmarkProcess.start(target, { peer: true });
  try {
    const times: Record<'subject' | 'peer', number[]> = { subject: [], peer: [] };
    const iterations = {
      subject: iterationsFor(seconds.subject, SAMPLE_SECONDS),
      peer: seconds.peer === null ? 0 : iterationsFor(seconds.peer, SAMPLE_SECONDS),
    };
    for (let round = 0; round < benchmark.rounds; round++) {
      for (const who of round % 2 === 0 ? (['subject', 'peer'] as const) : (['peer', 'subject'] as const)) {
        if (iterations[who] > 0) times[who].push(median((await process.sample(who, iterations[who])).seconds));
      }
    }
    const { environment, ...finish } = await process.finish(root);
    return { result: summarise(benchmark, times, finish), environment };
  } finally {
    await process.stop();
  }
}

function summarise(
  benchmark: BenchmarkInfo,
  times: Record<'subject' | 'peer', number[]>,
  finish: Omit<Finish, 'environment'>,
): ComparisonResult {
  const { name, sizes, work, target } = benchmark;
  const ratios = times.peer.map((seconds, i) => work.subject / times.subject[i]! / (work.peer / seconds));
  return {
    name,
    sizes,
    unit: work.unit,
    subject: timing(benchmark.subject, times.subject, work.subject),
    peer: ratios.length === 0 ? null : timing(benchmark.peer!, times.peer, work.peer),
    ratio: ratios.length === 0 ? null : median(ratios),
    ratioSpread: ratios.length === 0 ? null : spread(ratios),
    target,
    ...finish,
  };
}

function timing(name: string, seconds: readonly number[], work: number): Timing {
  return { name, medianSeconds: median(seconds), spreadSeconds: spread(seconds), rate: work / median(seconds) };
}

function spread(values: readonly number[]): number {
  return quantile(values, 0.75) - quantile(values, 0.25);
}
