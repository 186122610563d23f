/**
 * One opened index in a program of its own, which searches when it is told to and is idle otherwise. So several engines
 * can take turns, and what disturbs the machine disturbs all of them.
 *
 * A command is a line: `hello`, `open`, `single K SETTING THREADS RERANK`, or `batch` or `awaited` with the same
 * numbers. The answer is a line with the measured times as JSON. The labels found are in a file, [queries, k] as int32.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { LineProgram } from '../support/line-program.js';
import { residentBytes } from '../support/process-memory.js';
import { indexFile } from './build.js';
import type { LookupData } from './data.js';
import { candidatesOf, type Kind } from './kinds.js';

const CHILD = fileURLToPath(new URL('search-child.ts', import.meta.url));

/** What a searching program of ours gets as JSON. */
export interface SearchRequest {
  engine: Exclude<Kind['engine'], 'hnswlib'>;
  parameter: Kind['parameter'];
  /** Quantization of usearch. */
  factory: string;
  path: string;
  mapped: boolean;
  dim: number;
  /** Raw float32 queries. */
  queries: string;
  /** File to write. */
  labels: string;
}

export interface Times {
  /** Of each query, or of all in one call. */
  seconds: number[];
  /** CPU time of the program for all queries: other programs on the machine hardly change it. */
  cpu: number;
}

export interface SearchCommand {
  /** `awaited`: one query at a time with `search`, only for ours. */
  mode: 'single' | 'batch' | 'awaited';
  k: number;
  setting: number;
  threads: number;
}

export class Searcher {
  readonly #program: LineProgram;
  openSeconds = 0;
  programBytes = 0;

  private constructor(
    readonly kind: Kind,
    private readonly labelFile: string,
    command: string,
    args: string[],
  ) {
    this.#program = new LineProgram(command, args);
  }

  /** @param mapped whether our indexes stay in their files; those of hnswlib never do, those of usearch always */
  static async open(kind: Kind, data: LookupData, hnswlib: string, mapped: boolean): Promise<Searcher> {
    const { engine, parameter, factory } = kind;
    const { dim, queryFile } = data;
    const path = indexFile(kind, data);
    const labels = `${path}.${kind.name.replaceAll(/[^A-Za-z0-9]+/g, '-')}.labels`;
    const searcher =
      engine === 'hnswlib'
        ? new Searcher(kind, labels, hnswlib, ['search', path, String(dim), queryFile, labels])
        : new Searcher(kind, labels, process.execPath, [
            '--import',
            'tsx',
            CHILD,
            JSON.stringify({
              ...{ engine, parameter, factory, path, mapped, dim, labels },
              queries: queryFile,
            } satisfies SearchRequest),
          ]);
    await searcher.#ask('hello');
    searcher.programBytes = searcher.residentBytes;
    [searcher.openSeconds = 0] = (await searcher.#ask('open')).seconds;
    return searcher;
  }

  get residentBytes(): number {
    return residentBytes(this.#program.pid);
  }

  async search({ mode, k, setting, threads }: SearchCommand): Promise<Times & { labels: Int32Array }> {
    const rerank = this.kind.rerank === undefined ? 0 : candidatesOf(this.kind, k);
    const times = await this.#ask(`${mode} ${k} ${setting} ${threads} ${rerank}`);
    const { buffer } = new Uint8Array(readFileSync(this.labelFile));
    return { ...times, labels: new Int32Array(buffer) };
  }

  close(): void {
    this.#program.close();
  }

  async #ask(command: string): Promise<Times> {
    return JSON.parse((await this.#program.ask(`${command}\n`, 1)).toString()) as Times;
  }
}
