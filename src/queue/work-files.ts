/**
 * The files of a shard that another process computes: its texts, written by the planner, and its embeddings, written by
 * a worker.
 */

import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { allocateFloat32 } from '../core/allocate.js';
import { EngineError } from '../core/errors.js';
import { systemCode, withFileErrors } from '../core/file-errors.js';
import type { QuestionAnswer } from '../core/question-answer.js';
import { shardStem } from '../datasets/journal.js';
import { EXCHANGE_HEADER_BYTES, readExchangeFile, writeExchangeFile } from './exchange-file.js';

export interface ShardResult {
  /** [texts, dim] */
  embeddings: Float32Array;
  tokens: number;
}

/** Time for texts to become complete, on file systems where files arrive at other machines bit by bit. */
const ARRIVAL_MS = 3000;
const POLL_MS = 100;

/** Returns whether a name is that of a work folder. A job from a stranger must not make workers write elsewhere. */
export function isWorkFolder(name: unknown): boolean {
  return typeof name === 'string' && /^work-[0-9a-f]{8}(-2)?$/.test(name);
}

/** The work folder of an unfinished dataset. */
export class WorkFiles {
  /** @param dir work folder in the dataset folder or the exchange folder */
  constructor(private readonly dir: string) {}

  /** Creates the folder. @throws EngineError `ERR_DATA` if its parent does not exist; `ERR_IO` */
  async create(): Promise<void> {
    await withFileErrors(`create the folder ${this.dir}`, async () => {
      try {
        await mkdir(this.dir);
      } catch (error) {
        if (systemCode(error) !== 'EEXIST') throw error;
      }
    });
  }

  /** Removes the folder with its files. @throws EngineError `ERR_IO` */
  async remove(): Promise<void> {
    await withFileErrors(`remove ${this.dir}`, () => rm(this.dir, { recursive: true, force: true }));
  }

  /** Writes the texts of a shard. */
  async writeTexts(shard: number, texts: readonly QuestionAnswer[]): Promise<void> {
    const lines = texts.map(({ question, answer }) => `${JSON.stringify({ question, answer })}\n`).join('');
    await writeExchangeFile(
      this.#texts(shard),
      { texts: texts.length },
      Buffer.from(lines),
      'Run the same command again to resume',
    );
  }

  /**
   * Reads the texts of a shard. Returns undefined if they were removed because the dataset is complete or abandoned.
   *
   * @throws EngineError `ERR_DATA` if the folder does not exist on this machine, or has other texts than announced
   */
  async readTexts(shard: number, count: number): Promise<QuestionAnswer[] | undefined> {
    const path = this.#texts(shard);
    for (let waited = 0; ; waited += POLL_MS) {
      const file = await readExchangeFile(path);
      if (file) {
        if (file.fields['texts'] !== count)
          throw new EngineError(
            'ERR_DATA',
            `Expected the ${count} texts of the job in ${path}, got ${file.fields['texts'] ?? 'none'}`,
          );
        return file.content
          .toString('utf8')
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line) as QuestionAnswer);
      }
      if (!existsSync(path)) break;
      if (waited >= ARRIVAL_MS)
        throw new EngineError(
          'ERR_DATA',
          `${path} is incomplete or damaged; run the same "univar embed" command again to rewrite it`,
        );
      await sleep(POLL_MS);
    }
    if (existsSync(dirname(this.dir))) return undefined;
    throw new EngineError('ERR_DATA', `The folder ${dirname(this.dir)} does not exist on this machine`, {
      remedies: [
        { text: 'give the local path of the dataset folder', option: { name: 'out', value: '...' } },
        { text: 'give the local path of the exchange folder', option: { name: 'exchange', value: '...' } },
      ],
    });
  }

  /** Writes the result of a worker, unless nobody needs it any more. */
  async writeResult(shard: number, dim: number, { embeddings, tokens }: ShardResult): Promise<void> {
    const isWanted = (): boolean => existsSync(this.#texts(shard));
    if (!isWanted()) return;
    const texts = embeddings.length / dim;
    const content = new Uint8Array(embeddings.buffer, embeddings.byteOffset, embeddings.byteLength);
    try {
      await writeExchangeFile(this.#result(shard), { texts, dim, tokens }, content, 'Another worker gets the shard');
    } catch (error) {
      // The dataset may be complete by now, or another worker was faster and the file system does not replace files.
      if (isWanted() && !(await this.readResult(shard, texts, dim))) throw error;
    }
  }

  /**
   * Lists the folder; returns a function that says whether a shard had a result, finished or not. For thousands of
   * shards in a bucket, one listing is much faster than {@link looksDone} of each.
   */
  async listResults(): Promise<(shard: number) => boolean> {
    const names = new Set(await readdir(this.dir).catch(() => []));
    return (shard) => names.has(basename(this.#result(shard)));
  }

  /** Returns whether the shard looks finished, judging by the length of its file. */
  async looksDone(shard: number, texts: number, dim: number): Promise<boolean> {
    const size = await stat(this.#result(shard)).then(
      (info) => info.size,
      () => -1,
    );
    return size === EXCHANGE_HEADER_BYTES + 4 * texts * dim;
  }

  /** Reads the result of a worker. Returns undefined if it is missing, incomplete, or for another job. */
  async readResult(shard: number, texts: number, dim: number): Promise<ShardResult | undefined> {
    const file = await readExchangeFile(this.#result(shard));
    if (
      !file ||
      file.fields['texts'] !== texts ||
      file.fields['dim'] !== dim ||
      file.content.length !== 4 * texts * dim
    )
      return undefined;
    const embeddings = allocateFloat32(texts * dim, 'the embeddings');
    new Uint8Array(embeddings.buffer).set(file.content);
    return { embeddings, tokens: file.fields['tokens'] ?? 0 };
  }

  #texts(shard: number): string {
    return join(this.dir, `${shardStem(shard)}.texts`);
  }

  #result(shard: number): string {
    return join(this.dir, `${shardStem(shard)}.result`);
  }
}
