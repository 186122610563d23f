import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

import { afterAll, afterEach, beforeAll, expect } from 'vitest';

import { type CliRun, runCli, startCli } from './cli.js';
import { bytesOf } from './folder-bytes.js';
import { RedisServer } from './redis-server.js';

const SAMPLE = fileURLToPath(new URL('../../examples/quickstart/answers.jsonl.gz', import.meta.url));
const env = { UNIVAR_THREADS: '1', OMP_NUM_THREADS: '1' };

/**
 * Answers, an encoder and a Redis for a planner and workers. Created before the tests of a describe block and removed
 * after them.
 */
export class QueueScene {
  readonly scratch = mkdtempSync(join(tmpdir(), 'univar-queue-'));
  readonly encoder = join(this.scratch, 'encoder');
  redis!: RedisServer;
  readonly #inputs = join(this.scratch, 'inputs');
  readonly #running: CliRun[] = [];

  /** @param files file names and their lines of the sample @param size size of the encoder */
  constructor(
    files: Record<string, (lines: string[]) => string[]>,
    size: { layers: number; hidden: number },
    private readonly shardRows: number,
  ) {
    beforeAll(async () => {
      mkdirSync(this.#inputs);
      const lines = gunzipSync(readFileSync(SAMPLE)).toString().trimEnd().split('\n');
      for (const [name, pick] of Object.entries(files))
        writeFileSync(join(this.#inputs, name), `${pick(lines).join('\n')}\n`);
      expect(
        (
          await runCli([
            'random-encoder',
            '--layers',
            String(size.layers),
            '--hidden',
            String(size.hidden),
            '--out',
            this.encoder,
          ])
        ).code,
      ).toBe(0);
      this.redis = await RedisServer.start(this.scratch);
    });
    afterEach(() => this.stopAll());
    afterAll(async () => {
      await this.redis.kill();
      rmSync(this.scratch, { recursive: true });
    });
  }

  /** Kills all programs of the test. */
  async stopAll(): Promise<void> {
    for (const { child, result } of this.#running.splice(0)) {
      child.kill('SIGKILL');
      await result;
    }
  }

  /** Starts the compiled `univar` with one thread, and kills it after the test. */
  start(args: readonly string[], variables: Record<string, string> = {}): CliRun {
    const run = startCli(args, { env: { ...env, ...variables } });
    this.#running.push(run);
    return run;
  }

  /** @param out absolute, or a name in the scratch folder */
  embedArgs(out: string): string[] {
    return [
      'embed',
      this.#inputs,
      '--encoder',
      this.encoder,
      '--out',
      out.startsWith('/') ? out : join(this.scratch, out),
      '--shard-rows',
      String(this.shardRows),
      '--json',
    ];
  }

  startPlanner(out: string, args: readonly string[] = [], variables?: Record<string, string>): CliRun {
    return this.start([...this.embedArgs(out), '--queue', this.redis.url, ...args], variables);
  }

  startWorker(args: readonly string[] = [], variables?: Record<string, string>): CliRun {
    return this.start(
      ['worker', '--queue', this.redis.url, '--encoder', this.encoder, '--lease', '1', ...args],
      variables,
    );
  }

  /** Returns the files of the dataset that one machine makes alone. */
  async embedAlone(): Promise<Record<string, Buffer>> {
    expect(await this.start(this.embedArgs('alone')).result).toMatchObject({ code: 0 });
    return bytesOf(join(this.scratch, 'alone'));
  }
}

/** Resolves when a program has printed a text to standard error; rejects if it ends before. */
export function saying({ child, result }: CliRun, text: string): Promise<void> {
  let said = '';
  return new Promise((resolve, reject) => {
    child.stderr!.on('data', (chunk) => {
      said += String(chunk);
      if (said.includes(text)) resolve();
    });
    void result.then(({ code }) => reject(new Error(`It ended with ${code} and never said "${text}": ${said}`)));
  });
}
