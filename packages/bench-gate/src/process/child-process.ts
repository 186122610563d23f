/** A process that measures one benchmark of one build. statistics.ts explains why the processes must be fresh. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { Launcher } from '../counting/valgrind.js';
import { BenchError } from '../errors.js';
import type { BenchmarkInfo, ChildReply, ChildRequest, Finish, ProcessorTime, Sample } from './protocol.js';
import { isTypeScript, tsxModule } from './typescript.js';

/** Number of characters of the child's stderr to keep for the error message. */
const STDERR_TAIL = 4000;

export interface BenchmarkTarget {
  benchmark: Pick<BenchmarkInfo, 'name' | 'module' | 'project' | 'env'> & Partial<Pick<BenchmarkInfo, 'file'>>;
  /** Folder of the build. */
  root: string;
  /** Environment variables of the process, in addition to those of this one. */
  env?: Readonly<Record<string, string>> | undefined;
  signal?: AbortSignal | undefined;
}

export interface ProcessOptions {
  /** What the module was compiled from, for error messages. @default the module */
  source?: string | undefined;
  env?: Readonly<Record<string, string>>;
  signal?: AbortSignal | undefined;
  /** Runs Node in another way, for example under Callgrind. */
  launcher?: Launcher;
}

export class BenchmarkProcess {
  readonly #child: ChildProcess;
  readonly #source: string;
  readonly #closed: Promise<void>;
  #stderr = '';
  #death: BenchError | undefined;
  #pending: { resolve: (reply: ChildReply) => void; reject: (error: BenchError) => void } | undefined;

  /** Starts a process and prepares the benchmark in it. `seconds` is the time of one warm iteration. */
  static async start({ benchmark, root, env, signal }: BenchmarkTarget, options: { peer: boolean }) {
    const started = new BenchmarkProcess(benchmark.module, {
      source: benchmark.file,
      env: { ...benchmark.env, ...env },
      signal,
    });
    try {
      return { process: started, seconds: await started.prepare(benchmark, root, options) };
    } catch (error) {
      await started.stop();
      throw error;
    }
  }

  /** @param module what it will import: TypeScript needs a loader */
  constructor(module: string, { source = module, env = {}, signal, launcher }: ProcessOptions) {
    this.#source = source;
    this.#child = forkChild(module, env, launcher);
    this.#closed = new Promise((resolve) => {
      this.#child.once('close', (code, killer) => {
        this.#die(killer === null ? `ended with exit code ${String(code)}` : `was killed by ${killer}`);
        resolve();
      });
      this.#child.once('error', (error) => {
        this.#die(`failed: ${error.message}`);
        if (this.#child.pid === undefined) resolve(); // It never started, so no 'close' follows.
      });
    });
    this.#child.on('message', (reply: ChildReply) => {
      const pending = this.#pending;
      this.#pending = undefined;
      pending?.resolve(reply);
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL);
    });
    const abort = (): void => {
      this.#death ??= new BenchError('ERR_ABORTED', 'The benchmark was aborted', { cause: signal?.reason });
      this.#child.kill('SIGKILL');
    };
    signal?.addEventListener('abort', abort, { once: true });
    void this.#closed.then(() => signal?.removeEventListener('abort', abort));
    if (signal?.aborted) abort();
  }

  /** Prepares a benchmark in place of the last one, and returns the seconds of one warm iteration. */
  async prepare(
    { name, module, project }: BenchmarkTarget['benchmark'],
    root: string,
    { peer }: { peer: boolean },
  ): Promise<{ subject: number; peer: number | null }> {
    return (await this.ask({ type: 'prepare', module, project, name, root, peer }, 'prepared')).seconds;
  }

  /** Times `iterations` iterations. */
  async sample(
    who: 'subject' | 'peer',
    iterations: number,
    processorTime: ProcessorTime = 'of all threads',
  ): Promise<Sample> {
    const { seconds, processorSeconds } = await this.ask({ type: 'sample', who, iterations, processorTime }, 'sampled');
    return { seconds, processorSeconds };
  }

  async finish(root: string): Promise<Finish> {
    const { counters, details, environment, peakMemoryBytes } = await this.ask({ type: 'finish', root }, 'finished');
    return { counters, details, environment, peakMemoryBytes };
  }

  /**
   * Sends a request, one at a time.
   *
   * @throws BenchError `ERR_DATA` if the benchmark fails, `ERR_DEVICE_UNAVAILABLE` if its process dies
   */
  async ask<T extends ChildReply['type']>(
    request: ChildRequest,
    expected: T,
  ): Promise<Extract<ChildReply, { type: T }>> {
    if (this.#death) throw this.#death;
    const reply = await new Promise<ChildReply>((resolve, reject) => {
      this.#pending = { resolve, reject };
      // A closed channel means that the child is dying. Its 'close' event rejects with the reason.
      this.#child.send(request, () => undefined);
    });
    if (reply.type === 'failed') throw new BenchError('ERR_DATA', reply.message);
    if (reply.type !== expected)
      throw new BenchError('ERR_INTERNAL', `A benchmark process answered "${reply.type}" instead of "${expected}"`);
    return reply as Extract<ChildReply, { type: T }>;
  }

  get hasDied(): boolean {
    return this.#death !== undefined;
  }

  /** Kills the process and waits for its end, so that it takes no time from the next one. Idempotent. */
  async stop(): Promise<void> {
    if (!this.#death) this.#child.kill('SIGKILL');
    await this.#closed;
  }

  #die(how: string): void {
    const stderr = this.#stderr.trim();
    this.#death ??= new BenchError(
      'ERR_DEVICE_UNAVAILABLE',
      `The process of ${this.#source} ${how}.${stderr === '' ? '' : ` It printed:\n${stderr}`}`,
    );
    this.#pending?.reject(this.#death);
    this.#pending = undefined;
  }
}

/** The child's module is beside this one: compiled in dist/, or TypeScript in src/ for tests. */
function forkChild(
  module: string,
  env: Readonly<Record<string, string>>,
  launcher: Launcher = { command: process.execPath, args: [] },
): ChildProcess {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const entry = fileURLToPath(new URL(`./child${extension}`, import.meta.url));
  const typescript = extension === '.ts' || isTypeScript(module);
  return fork(entry, {
    execPath: launcher.command,
    execArgv: [...launcher.args, ...(typescript ? ['--import', tsxModule(module)] : [])],
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
}
