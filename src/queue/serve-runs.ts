import { onAbort, sleep } from '../core/abort.js';
import { EngineError } from '../core/errors.js';
import type { RedisConnection } from './redis.js';
import { describeReply, isRefusal } from './redis-failure.js';
import { RedisLink } from './redis-link.js';
import { otherVersion, type RunBase, RunRegistry } from './run-registry.js';
import { takeJobs } from './take-jobs.js';

const POLL_MS = 1000;
/** Time without a job after which a worker looks for another run. */
const IDLE_MS = 2000;
/** Time after which the user is told that the worker cannot work for a run: folders may appear a little later. */
const PATIENCE_MS = 3000;

export interface ServeRunsOptions<T, R, Job> {
  connection: RedisConnection;
  kind: string;
  /** Concurrent jobs. */
  concurrency: number;
  /** Seconds after which the job of a silent worker goes to another one. */
  lease: number;
  /** When it fires, the worker stops. It has two seconds for its current jobs; it gives the others back. */
  signal: AbortSignal;
  /** Receives messages for the user. */
  onNotice: (text: string) => void;
  /** Returns the run if an entry, of any version, has the fields of one; undefined otherwise. */
  parseRun: (run: RunBase) => R | undefined;
  /** Returns why this machine cannot work for a run; undefined if it can. */
  whyNot: (run: R) => Promise<string | undefined>;
  /** Returns whether the data are a job. */
  isJob: (data: Job) => boolean;
  work: (run: R, job: Job, signal: AbortSignal) => Promise<T>;
}

/**
 * Runs a worker until the signal fires. It serves one run at a time, and goes to the next one when the run has ended
 * or has no job for a while.
 *
 * @throws EngineError the error of `work`, and like `takeJobs`
 */
export async function serveRuns<T, R extends RunBase, Job>(options: ServeRunsOptions<T, R, Job>): Promise<void> {
  const { connection, onNotice } = options;
  const link = await RedisLink.open({ connection, onNotice });
  try {
    await new RunServer(options, new RunRegistry(link.redis)).serve();
  } catch (error) {
    if (!(error instanceof EngineError && error.code === 'ERR_ABORTED')) throw error;
  } finally {
    link.close();
  }
}

class RunServer<T, R extends RunBase, Job> {
  /** Runs that this machine cannot serve: since when, and whether the user knows. */
  readonly #unsuitable = new Map<string, { since: number; isTold: boolean }>();
  #last = '';

  constructor(
    private readonly options: ServeRunsOptions<T, R, Job>,
    private readonly registry: RunRegistry,
  ) {}

  async serve(): Promise<void> {
    const { signal } = this.options;
    while (!signal.aborted) {
      const runs = (await this.#suitableRuns()) ?? [];
      const next = runs.find(({ queue }) => queue > this.#last) ?? runs[0];
      if (next) await this.#serveRun(next);
      else await sleep(POLL_MS, signal);
    }
  }

  /** Serves a run until it has ended, or has no job while another run waits. */
  async #serveRun(run: R): Promise<void> {
    const { connection, concurrency, lease, signal, isJob, work } = this.options;
    this.#last = run.queue;
    const leave = new AbortController();
    const forget = onAbort(signal, () => leave.abort());
    let active = 0;
    let idleSince = performance.now();
    let isOver = false;
    const taking = takeJobs<Job, T>(
      { connection, name: run.queue, concurrency, lease, signal: leave.signal, isJob },
      async (job, deadline) => {
        active++;
        try {
          return await work(run, job, deadline);
        } finally {
          active--;
          idleSince = performance.now();
        }
      },
    ).finally(() => leave.abort());
    taking.catch(() => undefined); // reported below
    while (!leave.signal.aborted) {
      await sleep(POLL_MS, leave.signal).catch(() => undefined);
      if (active > 0 || performance.now() - idleSince < IDLE_MS) continue;
      const runs = await this.#suitableRuns();
      if (runs === undefined || active > 0) continue;
      isOver = !runs.some(({ queue }) => queue === run.queue);
      if (isOver || runs.length > 1) leave.abort();
    }
    forget();
    await taking;
    if (isOver) await this.registry.removeSettings(run.queue).catch(() => undefined);
  }

  /** Returns the runs that this machine can serve; undefined if Redis does not answer. */
  async #suitableRuns(): Promise<R[] | undefined> {
    const { kind, parseRun, whyNot } = this.options;
    let all: RunBase[];
    try {
      all = await this.registry.runs(kind);
    } catch (cause) {
      if (!isRefusal(cause)) return undefined;
      throw new EngineError('ERR_REMOTE', `Redis refuses the list of runs: ${describeReply(cause)}`, { cause });
    }
    const suitable: R[] = [];
    for (const run of all) {
      const ours = parseRun(run);
      const reason = otherVersion(run) ?? (ours ? await whyNot(ours) : 'its entry in Redis is damaged');
      if (reason !== undefined) this.#tell(run, reason);
      else if (ours) suitable.push(ours);
    }
    return suitable;
  }

  /** Tells the user once that this machine does not work for a run, and why. */
  #tell({ queue, name }: RunBase, reason: string): void {
    const key = `${queue}\n${reason}`;
    const known = this.#unsuitable.get(key) ?? { since: performance.now(), isTold: false };
    this.#unsuitable.set(key, known);
    if (known.isTold || performance.now() - known.since < PATIENCE_MS) return;
    known.isTold = true;
    this.options.onNotice(`not working for ${name}: ${reason}`);
  }
}
