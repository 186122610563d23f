/** Measures one benchmark inside its process; child.ts is the entry of that process. */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import {
  type Benchmark,
  type BenchmarkModule,
  DEFAULT_SCALING_THRESHOLD,
  DEFAULT_THRESHOLD,
  type Revision,
  type Subject,
} from '../benchmark.js';
import type { ClientRequests } from '../counting/client-requests.js';
import { countIterations } from '../counting/iterations.js';
import type { BenchmarkInfo, Counted, Finish, Sample } from './protocol.js';

const DEFAULT_ROUNDS = 7;

/**
 * Minimum duration of the warm-up, which also has at least two iterations. Caches, thread pools and the optimising
 * compiler settle.
 */
const WARM_UP_SECONDS = 0.05;

export function openRevision(root: string): Revision {
  return { root, import: async <T>(path: string) => (await import(pathToFileURL(join(root, path)).href)) as T };
}

export function describe(benchmark: Benchmark, file: string, project: string): BenchmarkInfo {
  return {
    name: benchmark.name,
    file,
    project,
    sizes: benchmark.sizes,
    subject: benchmark.subject ?? benchmark.name,
    version: benchmark.version ?? 1,
    threshold: benchmark.threshold ?? DEFAULT_THRESHOLD,
    only: benchmark.only ?? null,
    env: benchmark.env ?? {},
    scaling: benchmark.scaling ? { threshold: DEFAULT_SCALING_THRESHOLD, ...benchmark.scaling } : null,
    work: benchmark.work ?? { unit: 'runs', subject: 1, peer: 1 },
    target: benchmark.target ?? null,
    rounds: benchmark.rounds ?? DEFAULT_ROUNDS,
    peer: benchmark.peer?.name ?? null,
    notCounted: benchmark.notCounted ?? null,
  };
}

export class Measurement {
  #closed = false;

  private constructor(
    private readonly module: BenchmarkModule,
    private readonly subject: Subject,
    private readonly peer: Subject | null,
  ) {}

  static async prepare(module: BenchmarkModule, name: string, root: string, withPeer: boolean): Promise<Measurement> {
    const benchmark = module.benchmarks.find((candidate) => candidate.name === name);
    if (!benchmark) throw new Error(`No benchmark is named ${name}`);
    const revision = openRevision(root);
    const subject = await benchmark.prepare(revision);
    if (typeof (subject as Partial<Subject>).run !== 'function')
      throw new Error(`prepare() of ${name} did not return an object with a function run()`);
    const peer = withPeer && benchmark.peer ? await benchmark.peer.prepare(revision, subject) : null;
    return new Measurement(module, subject, peer);
  }

  /** Returns the seconds of one iteration of subject and peer, after the warm-up. */
  async warmUp(): Promise<{ subject: number; peer: number | null }> {
    return { subject: await warmUp(this.subject), peer: this.peer && (await warmUp(this.peer)) };
  }

  /** Times `iterations` iterations. */
  async sample(who: 'subject' | 'peer', iterations: number): Promise<Sample> {
    const contender = who === 'peer' ? this.peer : this.subject;
    if (!contender) throw new Error('The benchmark has no peer');
    const seconds: number[] = [];
    const processorSeconds: number[] = [];
    for (let i = 0; i < iterations; i++) {
      const begin = process.cpuUsage();
      seconds.push(await time(contender));
      const { user, system } = process.cpuUsage(begin);
      processorSeconds.push((user + system) / 1e6);
    }
    return { seconds, processorSeconds: contender.timesItself ? [] : resolved(processorSeconds) };
  }

  /** Counts the instructions of the subject, and closes it. This process runs under Callgrind. */
  async count(root: string, requests: ClientRequests, outFile: string): Promise<Counted> {
    const counts = await countIterations(this.subject, requests, outFile);
    const environment = await this.module.environment?.(openRevision(root));
    await this.close();
    return { ...counts, variant: environment?.variant ?? null };
  }

  async finish(root: string): Promise<Finish> {
    // Read first, because the calls below are not part of the work.
    const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
    const counters = (await this.subject.counters?.()) ?? null;
    const details = { ...(await this.subject.details?.()), ...(await this.peer?.details?.()) };
    const environment = (await this.module.environment?.(openRevision(root))) ?? null;
    await this.close();
    return { counters, details, environment, peakMemoryBytes };
  }

  /** Frees what was prepared. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.peer?.close?.();
    await this.subject.close?.();
  }
}

/** Processor time has steps of a microsecond, which must be small beside an iteration. */
const SHORTEST_PROCESSOR_SECONDS = 1e-4;

function resolved(seconds: number[]): number[] {
  const mean = seconds.reduce((sum, value) => sum + value, 0) / seconds.length;
  return mean >= SHORTEST_PROCESSOR_SECONDS ? seconds : [mean];
}

async function time(contender: Subject): Promise<number> {
  const begin = process.hrtime.bigint();
  const result = await contender.run();
  return contender.timesItself ? Number(result) : Number(process.hrtime.bigint() - begin) / 1e9;
}

async function warmUp(contender: Subject): Promise<number> {
  const begin = performance.now();
  let seconds = await time(contender);
  do {
    seconds = Math.min(seconds, await time(contender));
  } while ((performance.now() - begin) / 1000 < WARM_UP_SECONDS);
  return seconds;
}
