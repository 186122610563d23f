/**
 * The files of a shard that is computed elsewhere: its texts, written by the planner, and its embeddings, by a worker.
 */

import { existsSync } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
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

/** How long texts may take to become whole, where what one machine writes arrives at another bit by bit. */
const ARRIVAL_MS = 3000;
const POLL_MS = 100;

/** Whoever can write to the queue must not make workers write elsewhere. */
export function isWorkFolder(name: unknown): boolean {
  return typeof name === 'string' && /^work-[0-9a-f]{8}(-2)?$/.test(name);
}

/** The work of one dataset that is being made. */
export class WorkFiles {
  /** @param dir folder of the work, within the dataset folder or the exchange */
  constructor(private readonly dir: string) {}

  /** @throws EngineError `ERR_DATA` where what should hold the folder is not there, `ERR_IO` */
  async create(): Promise<void> {
    await withFileErrors(`create the folder ${this.dir}`, async () => {
      try {
        await mkdir(this.dir);
      } catch (error) {
        if (systemCode(error) !== 'EEXIST') throw error;
      }
    });
  }

  /** Removes everything. @throws EngineError `ERR_IO` */
  async remove(): Promise<void> {
    await withFileErrors(`remove ${this.dir}`, () => rm(this.dir, { recursive: true, force: true }));
  }

  /** Writes the texts that shard `shard` needs. */
  async writeTexts(shard: number, texts: readonly QuestionAnswer[]): Promise<void> {
    const lines = texts.map(({ question, answer }) => `${JSON.stringify({ question, answer })}\n`).join('');
    await writeExchangeFile(
      this.#texts(shard),
      { texts: texts.length },
      Buffer.from(lines),
      'Run the same command again to go on from what is done',
    );
  }

  /**
   * The texts of a shard; undefined where there are none any more, because the dataset has been completed or given up.
   *
   * @throws EngineError `ERR_DATA` where this machine does not see the folder, or other texts than were announced
   */
  async readTexts(shard: number, count: number): Promise<QuestionAnswer[] | undefined> {
    const path = this.#texts(shard);
    for (let waited = 0; ; waited += POLL_MS) {
      const file = await readExchangeFile(path);
      if (file) {
        if (file.fields['texts'] !== count)
          throw new EngineError(
            'ERR_DATA',
            `${path} has ${file.fields['texts'] ?? 'no'} texts, but the job says ${count}`,
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
          `${path} is not whole, or damaged; give the command of "univar embed" again to have it written anew`,
        );
      await sleep(POLL_MS);
    }
    if (existsSync(dirname(this.dir))) return undefined;
    throw new EngineError('ERR_DATA', `The folder ${dirname(this.dir)} is not there on this machine`, {
      remedies: [
        { text: 'name the dataset folder as it is called here', option: { name: 'out', value: '...' } },
        { text: 'name the exchange folder as it is called here', option: { name: 'exchange', value: '...' } },
      ],
    });
  }

  /** Writes what a worker has computed, unless nobody needs it any more. */
  async writeResult(shard: number, dim: number, { embeddings, tokens }: ShardResult): Promise<void> {
    const isWanted = (): boolean => existsSync(this.#texts(shard));
    if (!isWanted()) return;
    const texts = embeddings.length / dim;
    const content = new Uint8Array(embeddings.buffer, embeddings.byteOffset, embeddings.byteLength);
    try {
      await writeExchangeFile(this.#result(shard), { texts, dim, tokens }, content, 'Other workers get the shard');
    } catch (error) {
      // The dataset may have been completed meanwhile, and another worker may have been faster where files are not
      // replaced.
      if (isWanted() && !(await this.readResult(shard, texts, dim))) throw error;
    }
  }

  /** Whether the shard is done as far as the length of its file tells. */
  async looksDone(shard: number, texts: number, dim: number): Promise<boolean> {
    const size = await stat(this.#result(shard)).then(
      (info) => info.size,
      () => -1,
    );
    return size === EXCHANGE_HEADER_BYTES + 4 * texts * dim;
  }

  /** What a worker has computed; undefined where it is not there, not whole, or not what the job asked for. */
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
