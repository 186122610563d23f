import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';

import { EngineError } from '../../core/errors.js';
import { startWorker } from '../../core/start-module.js';
import type { Matches, TextSearchState } from '../api-types.js';
import type { DerivedFolder } from '../derived/derived-folder.js';
import type { SearchReply, SearchRequest, SearchTask } from './protocol.js';
import { toFtsQuery } from './text-query.js';

const FILE = 'texts.sqlite';

interface Waiting {
  resolve: (value: never) => void;
  reject: (error: unknown) => void;
}

/**
 * Full-text search in a thread of its own, so that the server answers other requests in between. The index is built
 * after the start, in the background.
 */
export class TextSearch {
  #state: TextSearchState = { state: 'building', done: 0, total: 0 };
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  readonly #settled: Promise<void>;

  private constructor(
    private readonly worker: Worker,
    note: (text: string) => void,
  ) {
    this.#settled = new Promise((resolve) => {
      worker.on('message', (reply: SearchReply) => {
        if (reply.kind === 'progress') this.#state = { state: 'building', done: reply.done, total: reply.total };
        else if (reply.kind === 'note') note(reply.text);
        else if (reply.kind === 'ready') {
          this.#state = { state: 'ready' };
          resolve();
        } else if (reply.kind === 'failed') {
          this.#fail(reply.message);
          resolve();
        } else this.#answer(reply);
      });
      worker.once('error', (error) => {
        this.#fail(error.message);
        resolve();
      });
      worker.once('exit', () => {
        this.#fail('The thread of the text search has ended');
        resolve();
      });
    });
  }

  /** Starts the thread, which opens or builds the index. */
  static async start(datasetDir: string, folder: DerivedFolder, note: (text: string) => void): Promise<TextSearch> {
    const file = (await folder.prepare()) ? join(folder.path, FILE) : undefined;
    const task: SearchTask = { dir: datasetDir, file };
    return new TextSearch(startWorker('explore/text-search/text-search-worker', { workerData: task }), note);
  }

  get state(): TextSearchState {
    return this.#state;
  }

  /** Settles when the index is ready, or has failed. */
  get settled(): Promise<void> {
    return this.#settled;
  }

  /** Finds the best matches. @throws EngineError `ERR_ARG_RANGE`; `ERR_BUSY` while the index is being built */
  async find(text: string, limit: number): Promise<Matches> {
    return this.#ask({ query: toFtsQuery(text), want: limit });
  }

  /** Finds all matches, as one bit per row. @throws EngineError like {@link find} */
  async findAll(text: string): Promise<Uint8Array> {
    return this.#ask({ query: toFtsQuery(text), want: 'all' });
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }

  #ask<T>(request: Omit<SearchRequest, 'id'>): Promise<T> {
    const { state } = this;
    if (state.state === 'building')
      throw new EngineError('ERR_BUSY', `The text index is being built: ${state.done} of ${state.total} answers`);
    if (state.state === 'failed') throw new EngineError('ERR_BUSY', `There is no text search: ${state.message}`);
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.worker.postMessage({ ...request, id } satisfies SearchRequest);
    });
  }

  #answer(reply: Extract<SearchReply, { id: number }>): void {
    const { resolve, reject } = this.#waiting.get(reply.id)!;
    this.#waiting.delete(reply.id);
    if (reply.kind === 'refused') reject(new EngineError('ERR_DATA', `The text search failed: ${reply.message}`));
    else resolve((reply.kind === 'matches' ? reply.matches : reply.bitmap) as never);
  }

  #fail(message: string): void {
    if (this.#state.state !== 'failed') this.#state = { state: 'failed', message };
    for (const { reject } of this.#waiting.values()) reject(new EngineError('ERR_DISPOSED', message));
    this.#waiting.clear();
  }
}
