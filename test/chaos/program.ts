import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

import { type CliResult, type CliRun, startCli } from '../support/cli.js';
import type { Disturbance } from './disturbance.js';
import type { Fault } from './fault.js';
import type { ChaosLog } from './log.js';

export interface ProgramOptions {
  name: string;
  args: () => readonly string[];
  env?: Record<string, string>;
  /** Standard output of a program that is ready. @default it is ready at once */
  ready?: RegExp;
  /** Time in which it has promised to end after SIGTERM. */
  endsWithinMs: number;
  /** Exit code after SIGTERM. */
  endCode: number;
  disturbs: Disturbance;
  /** Whether it is started again if it ends by itself because of a fault. @default false */
  keep?: boolean;
  /** Receives the result of a program that ended although nobody ended it, and whether a fault explains it. */
  onEnd: (result: CliResult, isExplained: boolean) => void;
}

/** Time in which a program has to be ready. */
const START_MS = 60_000;
const RESTART_MS = 1000;
const PAUSE_S = [0.5, 10] as const;
const DOWN_S = [0, 4] as const;
const REPORT_SIGNAL = 'SIGUSR2';
const REPORT = `--report-on-signal --report-signal=${REPORT_SIGNAL} --report-directory=${tmpdir()}`;
const REPORT_MS = 2000;
/** Messages that no fault of the surroundings explains. */
const OUR_FAULT = /bug in univar|ERR_INTERNAL|Unhandled|TypeError|RangeError|ReferenceError/;

/** A `univar` command that is killed, paused and started again. */
export class Program {
  #run: CliRun | undefined;
  #ending: CliRun | undefined;
  #isWanted = false;
  #isReady = false;

  constructor(
    readonly options: ProgramOptions,
    private readonly log: ChaosLog,
  ) {}

  /** The running process. */
  get child(): CliRun['child'] | undefined {
    return this.#run?.child;
  }

  /** Starts it, and waits until it is ready. Does nothing if it runs. */
  async start(): Promise<string> {
    this.#isWanted = true;
    if (this.#run) return '';
    const { name, args, env, ready, disturbs } = this.options;
    const run = startCli(args(), { env: { ...env, NODE_OPTIONS: REPORT } });
    const isExplained = disturbs.watch();
    this.#run = run;
    this.#isReady = false;
    const ended = run.result.then((result) => {
      if (this.#run === run) this.#run = undefined;
      if (this.#ending === run) return;
      this.#judge(result);
      this.options.onEnd(result, isExplained());
      if (this.options.keep) void this.#restart();
    });
    let said = '';
    if (!ready) return said;
    const timer = setTimeout(() => this.log.violation(`${name} is not ready after ${START_MS / 1000} s`), START_MS);
    run.child.stdout!.on('data', (text: string) => (said += text));
    while (!ready.test(said) && run === this.#run) await Promise.race([once(run.child.stdout!, 'data'), ended]);
    clearTimeout(timer);
    this.#isReady = ready.test(said);
    return said;
  }

  /** Kills it with SIGKILL. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Ends it with SIGTERM, and checks that it keeps its promises. */
  async terminate(): Promise<void> {
    const { name, endsWithinMs, endCode } = this.options;
    const run = this.#run;
    const wasReady = this.#isReady;
    const ended = this.#end('SIGTERM');
    const inTime = await Promise.race([ended.then(() => true), sleep(endsWithinMs, false, { ref: false })]);
    if (!inTime) {
      // Node writes what the process is doing, and which handles keep it alive.
      run?.child.kill(REPORT_SIGNAL);
      await sleep(REPORT_MS);
      run?.child.kill('SIGKILL');
      this.log.violation(`${name} has not ended ${endsWithinMs / 1000} s after SIGTERM`);
      this.log.say(`${name}, process ${run?.child.pid}: report.*.${run?.child.pid}.*.json in ${tmpdir()}`);
    }
    const result = await ended;
    if (!inTime && result?.stderr) this.log.say(`${name} wrote: ${result.stderr.slice(-2000)}`);
    if (!inTime || !result) return;
    const { code, signal, stderr } = result;
    // Until it can react to the signal, and after four seconds, the signal itself ends it.
    if (signal === 'SIGTERM' && (endCode !== 0 || !wasReady)) return;
    this.#judge(result);
    // A command that had just ended by itself has its own code.
    const hasOwnCode = code === endCode || code === 0 || (code === 1 && !wasReady);
    this.log.expect(
      hasOwnCode,
      `${name} ended with ${code ?? signal} after SIGTERM, not with ${endCode}: ${lastLine(stderr)}`,
    );
  }

  /** What can happen to it. */
  faults(): Fault[] {
    const { name: target, disturbs } = this.options;
    const common = { target, disturbs };
    const restart = async (): Promise<void> => {
      await this.start();
    };
    return [
      {
        ...common,
        name: 'kill -9',
        seconds: DOWN_S,
        begin: async () => {
          if (!this.#run) return undefined;
          await this.kill();
          return restart;
        },
      },
      {
        ...common,
        name: 'SIGTERM',
        seconds: DOWN_S,
        begin: async () => {
          if (!this.#run) return undefined;
          await this.terminate();
          return restart;
        },
      },
      {
        ...common,
        name: 'SIGSTOP',
        seconds: PAUSE_S,
        begin: () => {
          const paused = this.#run;
          if (!paused) return undefined;
          paused.child.kill('SIGSTOP');
          return () => void paused.child.kill('SIGCONT');
        },
      },
    ];
  }

  async #restart(): Promise<void> {
    const { disturbs } = this.options;
    disturbs.begin();
    await sleep(RESTART_MS);
    if (this.#isWanted) await this.start();
    disturbs.end();
  }

  async #end(signal: NodeJS.Signals): Promise<CliResult | undefined> {
    this.#isWanted = false;
    const run = this.#run;
    if (!run) return undefined;
    this.#ending = run;
    run.child.kill(signal);
    return run.result;
  }

  #judge({ code, signal, stderr }: CliResult): void {
    const { name } = this.options;
    this.log.expect(signal === null, `${name} crashed with ${signal}: ${lastLine(stderr)}`);
    this.log.expect(code !== 70 && !OUR_FAULT.test(stderr), `${name} has a bug: ${stderr.slice(-2000)}`);
  }
}

/** The last line that a program wrote. */
export function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}
