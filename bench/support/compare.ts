/**
 * Times a subject beside its peer in one process, interleaved A B B A, so that drift of the machine hits both alike.
 * The result of every benchmark must be checked by its author before it comes here.
 */
export interface Contender {
  name: string;
  run: () => unknown;
  /** `run` resolves to the seconds that count, because its preparation must not. @default false */
  timesItself?: boolean;
}

export interface Comparison {
  /** Operation and what varies, for example `infonce/one-way/f32`. */
  name: string;
  sizes: Record<string, number | string>;
  subject: Contender;
  peer: Contender;
  /** Work of one subject run and of one peer run, in `unit`; their rates are compared. Default: equal work. */
  work?: { unit: string; subject: number; peer: number };
  /** Rate of the subject divided by the rate of the peer that the project asks for. */
  target?: number;
  /** Timed pairs after the warm-up. @default 7 */
  rounds?: number;
}

export interface Measurement {
  medianSeconds: number;
  /** Interquartile range. */
  spreadSeconds: number;
  /** Work units per second at the median. */
  rate: number;
}

export interface ComparisonResult {
  name: string;
  sizes: Record<string, number | string>;
  unit: string;
  subject: Measurement & { name: string };
  peer: Measurement & { name: string };
  /** Median over rounds of (subject rate / peer rate): above 1 the subject is faster. */
  ratio: number;
  /** Interquartile range of that ratio. */
  ratioSpread: number;
  target: number | null;
}

export async function compare(comparison: Comparison): Promise<ComparisonResult> {
  const { subject, peer, rounds = 7 } = comparison;
  const work = comparison.work ?? { unit: 'runs', subject: 1, peer: 1 };
  await subject.run();
  await peer.run();
  const subjectTimes: number[] = [];
  const peerTimes: number[] = [];
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) {
      subjectTimes.push(await seconds(subject));
      peerTimes.push(await seconds(peer));
    } else {
      peerTimes.push(await seconds(peer));
      subjectTimes.push(await seconds(subject));
    }
  }
  const ratios = subjectTimes.map((time, i) => work.subject / time / (work.peer / peerTimes[i]!));
  return {
    name: comparison.name,
    sizes: comparison.sizes,
    unit: work.unit,
    subject: { name: subject.name, ...summary(subjectTimes, work.subject) },
    peer: { name: peer.name, ...summary(peerTimes, work.peer) },
    ratio: quantile(ratios, 0.5),
    ratioSpread: quantile(ratios, 0.75) - quantile(ratios, 0.25),
    target: comparison.target ?? null,
  };
}

async function seconds(contender: Contender): Promise<number> {
  const begin = process.hrtime.bigint();
  const result = await contender.run();
  if (contender.timesItself) return Number(result);
  return Number(process.hrtime.bigint() - begin) / 1e9;
}

function summary(times: number[], work: number): Measurement {
  const median = quantile(times, 0.5);
  return { medianSeconds: median, spreadSeconds: quantile(times, 0.75) - quantile(times, 0.25), rate: work / median };
}

/** Linear interpolation between order statistics. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at - Math.floor(at));
}
