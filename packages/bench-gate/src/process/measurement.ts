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
import { loadClientRequests } from '../counting/client-requests.js';
import { ownCounter, startedCounter } from '../counting/iteration-counters.js';
import { countIterations, warmUpToCount } from '../counting/iterations.js';
import { watchAllThreads, watchBusiestThread } from './processor-time.js';
import type { BenchmarkInfo, ChildRequest, Counted, Finish, Sample } from './protocol.js';
import { isTypeScript, loadTypeScript } from './typescript.js';

type SampleRequest = Extract<ChildRequest, { type: 'sample' }>;

const DEFAULT_ROUNDS = 7;

/**
 * Minimum duration of the warm-up, which also has at least two iterations. Caches, thread pools and the optimising
 * compiler settle.
 */
const WARM_UP_SECONDS = 0.05;

export function openRevision(root: string): Revision {
  return {
    root,
    import: async <T>(path: string) => {
      const file = join(root, path);
      if (isTypeScript(file)) await loadTypeScript(file);
      return (await import(pathToFileURL(file).href)) as T;
    },
  };
}

export function describe(
  benchmark: Benchmark,
  place: Pick<BenchmarkInfo, 'file' | 'module' | 'project'>,
): BenchmarkInfo {
  return {
    name: benchmark.name,
    ...place,
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
    startsNode: benchmark.startsNode ?? false,
    notCounted: benchmark.notCounted ?? null,
  };
}

export class Measurement {
  #closed = false;

  private constructor(
    private readonly module: BenchmarkModule,
    private readonly benchmark: Benchmark,
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
    return new Measurement(module, benchmark, subject, peer);
  }

  /** Returns the seconds of one iteration of subject and peer, after the warm-up. */
  async warmUp(): Promise<{ subject: number; peer: number | null }> {
    return { subject: await warmUp(this.subject), peer: this.peer && (await warmUp(this.peer)) };
  }

  /** Times `iterations` iterations. */
  async sample({ who, iterations, processorTime }: SampleRequest): Promise<Sample> {
    const contender = who === 'peer' ? this.peer : this.subject;
    if (!contender) throw new Error('The benchmark has no peer');
    const watch = processorTime === 'of all threads' ? watchAllThreads() : watchBusiestThread();
    const seconds: number[] = [];
    for (let i = 0; i < iterations; i++) {
      await watch.begin();
      seconds.push(await time(contender));
      await watch.end();
    }
    return { seconds, processorSeconds: contender.timesItself ? [] : watch.seconds() };
  }

  /** Lets V8 optimise what the subject runs often. Processes that it starts are fresh each time. */
  async warmUpToCount(): Promise<void> {
    if (!this.benchmark.startsNode) await warmUpToCount(this.subject);
  }

  /**
   * Counts the instructions of the subject, and closes it. This process runs under Callgrind.
   *
   * @param requests path of the addon of counting/client-requests.ts
   */
  async count(root: string, requests: string, outFile: string): Promise<Counted> {
    const counter = this.benchmark.startsNode
      ? startedCounter(requests, outFile)
      : ownCounter(loadClientRequests(requests), outFile);
    const counts = await countIterations(this.subject, counter);
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
