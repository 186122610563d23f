import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CliResult } from '../../support/cli.js';
import { bytesOf } from '../../support/folder-bytes.js';
import type { Disturbance } from '../disturbance.js';
import type { ChaosLog } from '../log.js';
import { lastLine, Program } from '../program.js';

/** Time in which a command that waits for Redis ends after SIGTERM. */
export const END_MS = 5000;
export const INTERRUPTED = 143;
const RETRY_MS = 1000;

export interface RoundsOptions {
  /** Arguments of `univar embed` without `--out`. */
  embed: readonly string[];
  url: string;
  env: Record<string, string>;
  /** Folder for the datasets, and for the files of workers. It can become full. */
  folder: string;
  /** Bytes of the dataset that one machine makes alone. */
  alone: Record<string, Buffer>;
  disturbs: Disturbance;
  log: ChaosLog;
}

/**
 * Embeds the same answers again and again through a queue. A planner that ends because of a fault is started again with
 * the same command, until the dataset is complete. Every complete dataset has to have the same bytes.
 */
export class Rounds {
  readonly planner: Program;
  #round = 0;
  #result: CliResult | undefined;

  constructor(private readonly options: RoundsOptions) {
    const { embed, url, env, disturbs, log } = options;
    this.planner = new Program(
      {
        name: 'planner',
        args: () => [...embed, '--out', this.#out, '--queue', url, ...this.#exchange()],
        env,
        endsWithinMs: END_MS,
        endCode: INTERRUPTED,
        disturbs,
        onEnd: (result, isExplained) => {
          this.#result = result;
          if (result.code === 0) return;
          log.say(`the planner ended with ${result.code}: ${lastLine(result.stderr)}`);
          log.expect(isExplained, `the planner ended although nothing was disturbed: ${lastLine(result.stderr)}`);
        },
      },
      log,
    );
  }

  /** Completes rounds until the signal fires. */
  async run(until: AbortSignal): Promise<void> {
    const isOver = (): boolean => until.aborted;
    while (!isOver()) {
      this.#result = undefined;
      await this.planner.start();
      while (this.planner.child && !isOver()) await sleep(100);
      if (this.#isComplete()) this.#next();
      else if (!isOver()) await sleep(RETRY_MS);
    }
  }

  /** Completes the current round, if it can within the time. */
  async finish(withinMs: number): Promise<void> {
    const { log } = this.options;
    const end = performance.now() + withinMs;
    while (!this.#isComplete() && performance.now() < end) {
      await this.planner.start();
      while (this.planner.child && performance.now() < end) await sleep(100);
    }
    if (this.#isComplete()) this.#next();
    else log.violation(`the planner has not completed a dataset within ${withinMs / 1000} s without faults`);
  }

  /** Compares the complete dataset, and removes it. */
  #next(): void {
    const { alone, log } = this.options;
    const found = bytesOf(this.#out);
    const names = new Set([...Object.keys(found), ...Object.keys(alone)]);
    const different = [...names].filter((name) => !found[name] || !alone[name]?.equals(found[name]));
    log.expect(
      different.length === 0,
      `round ${this.#round}: other bytes than without faults in ${different.join(', ')}`,
    );
    const exchanged = existsSync(this.#folderOfExchange) ? readdirSync(this.#folderOfExchange) : [];
    log.expect(exchanged.length === 0, `round ${this.#round}: files remain in the exchange: ${exchanged.join(', ')}`);
    log.say(`round ${this.#round} is complete${this.#exchange().length > 0 ? ', by exchange' : ''}`);
    log.count('queue: complete datasets');
    rmSync(this.#out, { recursive: true });
    this.#result = undefined;
    this.#round++;
  }

  #isComplete(): boolean {
    return this.#result?.code === 0;
  }

  get #out(): string {
    return join(this.options.folder, `round-${this.#round}`);
  }

  get #folderOfExchange(): string {
    return join(this.options.folder, 'exchange');
  }

  /** Every second round exchanges files through a folder of its own. */
  #exchange(): string[] {
    return this.#round % 2 === 0 ? [] : ['--exchange', this.#folderOfExchange];
  }
}
