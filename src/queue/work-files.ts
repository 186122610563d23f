/** The files of a shard that is computed elsewhere: its texts, written by the planner, and its embeddings, by a worker. */
import { existsSync } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../core/errors.js';
import { systemCode, withFileErrors } from '../core/file-errors.js';
import type { QuestionAnswer } from '../core/question-answer.js';
import { shardStem } from '../data/journal.js';
import { npyHeader, NPY_HEADER_BYTES } from '../data/npy.js';
import { expectShape, writeWhole } from '../data/shard-files.js';
import { readFully } from '../core/positioned-io.js';

export interface ShardResult {
  /** [texts, dim] */
  embeddings: Float32Array;
  tokens: number;
}

/** Whoever can write to the queue must not make workers write elsewhere. */
export function isWorkFolder(name: unknown): boolean {
  return typeof name === 'string' && /^work-[0-9a-f]{8}(-2)?$/.test(name);
}

/** The work of one dataset that is being made. */
export class WorkFiles {
  /** @param dir folder of the work, within the dataset folder */
  constructor(private readonly dir: string) {}

  /** Writes the texts that shard `shard` needs. */
  async writeTexts(shard: number, texts: readonly QuestionAnswer[]): Promise<void> {
    const lines = texts.map(({ question, answer }) => `${JSON.stringify({ question, answer })}\n`).join('');
    await writeWhole(this.dir, `${shardStem(shard)}.jsonl`, [Buffer.from(lines)]);
  }

  /**
   * The texts of a shard; undefined where there are none any more, because the dataset has been completed or given up.
   *
   * @throws EngineError `ERR_DATA` where this machine does not see the folder, or other texts than were announced
   */
  async readTexts(shard: number, count: number): Promise<QuestionAnswer[] | undefined> {
    const path = join(this.dir, `${shardStem(shard)}.jsonl`);
    let content: string;
    try {
      content = await readFile(path, 'utf8');
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') return withFileErrors(`read ${path}`, () => Promise.reject(error as Error));
      if (existsSync(join(this.dir, '..'))) return undefined;
      throw new EngineError('ERR_DATA', `The folder ${join(this.dir, '..')} is not there on this machine; name the shared folder as it is called here (--out)`);
    }
    const texts = content.split('\n').slice(0, -1).map((line) => JSON.parse(line) as QuestionAnswer);
    if (texts.length === count) return texts;
    throw new EngineError('ERR_DATA', `${path} has ${texts.length} texts, but the job says ${count}`);
  }

  /** Writes what a worker has computed. The embeddings come last: where they are, the shard is done. */
  async writeResult(shard: number, dim: number, { embeddings, tokens }: ShardResult): Promise<void> {
    const bytes = new Uint8Array(embeddings.buffer, embeddings.byteOffset, embeddings.byteLength);
    await writeWhole(this.dir, `${shardStem(shard)}.json`, [Buffer.from(JSON.stringify({ tokens }))]);
    await writeWhole(this.dir, `${shardStem(shard)}.npy`, [npyHeader(embeddings.length / dim, dim, 'f32'), bytes]);
  }

  /** Whether the shard is done. */
  async hasResult(shard: number, texts: number, dim: number): Promise<boolean> {
    const size = await stat(join(this.dir, `${shardStem(shard)}.npy`)).then((info) => info.size, () => -1);
    return size === NPY_HEADER_BYTES + 4 * texts * dim;
  }

  /** @throws EngineError `ERR_DATA` for a file that is not what the job asked for */
  async readResult(shard: number, texts: number, dim: number): Promise<ShardResult> {
    const path = join(this.dir, `${shardStem(shard)}.npy`);
    const embeddings = new Float32Array(texts * dim);
    const handle = await withFileErrors(`read ${path}`, () => open(path));
    try {
      const offset = await expectShape(path, handle, texts, dim, 'f32');
      const read = await withFileErrors(`read ${path}`, () => readFully(handle, new Uint8Array(embeddings.buffer), offset));
      if (read !== embeddings.byteLength) throw new EngineError('ERR_DATA', `${path} is truncated`);
    } finally {
      await handle.close();
    }
    return { embeddings, tokens: await this.#tokens(shard) };
  }

  /** For the figures of the summary only, so that a count that is not there yet counts as 0. */
  async #tokens(shard: number): Promise<number> {
    try {
      return Number((JSON.parse(await readFile(join(this.dir, `${shardStem(shard)}.json`), 'utf8')) as { tokens: unknown }).tokens) || 0;
    } catch {
      return 0;
    }
  }
}
