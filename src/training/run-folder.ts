/**
 * The folder of a run: run.json with the data and settings, metrics.jsonl, a checkpoint folder, and the encoders `best`
 * and `last`. Only one process can use it at a time.
 */

import { createHash } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../core/errors.js';
import { systemCode, withFileErrors } from '../core/file-errors.js';
import { FolderLock } from '../core/folder-lock.js';
import { makeFolder } from '../core/make-folder.js';
import { describeSources, hashFile, type SourceFile } from '../records/input-files.js';
import type { RunOptions } from './run-settings.js';

/** The part of a {@link RunDescription} that depends on the architecture. */
export interface LearnerDescription {
  /** SHA-256 of every file of the encoder that is trained further; empty if training starts from random numbers. */
  encoder: Record<string, string>;
  /** How texts become the input of the encoder. */
  texts: object;
  settings: object;
}

/** Everything that affects the resulting weights. Runs with equal descriptions give equal bytes on the same machine. */
export interface RunDescription extends LearnerDescription {
  sources: SourceFile[];
  read: Record<string, unknown>;
}

const RUN_FILE = 'run.json';

/** Describes a run. @throws EngineError `ERR_DATA`, `ERR_IO`, `ERR_ABORTED` */
export async function describeRun(
  { data, read, signal }: RunOptions,
  { encoder, texts, settings }: LearnerDescription,
): Promise<RunDescription> {
  const sources = await describeSources(data, read?.format, signal);
  // Do not change the order of the keys: run.json files of earlier releases must stay equal, byte for byte.
  return { encoder, sources, read: { ...read }, texts, settings };
}

/** Computes the SHA-256 of files in a folder. @throws EngineError `ERR_IO`, `ERR_ABORTED` */
export async function hashFiles(
  folder: string,
  files: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const file of [...files].sort()) hashes[file] = (await hashFile(join(folder, file), signal)).sha256;
  return hashes;
}

export class RunFolder {
  private constructor(
    readonly dir: string,
    private readonly lock: FolderLock,
  ) {}

  /**
   * Locks the folder, creating it if necessary.
   *
   * @throws EngineError `ERR_BUSY` while another process trains in the folder; `ERR_DATA` if it holds a run with
   *   different settings, naming them, or something that is not a run; `ERR_IO`
   */
  static async open(dir: string, description: RunDescription): Promise<RunFolder> {
    await makeFolder(dir);
    const folder = new RunFolder(dir, await FolderLock.acquire(join(dir, '.lock')));
    try {
      await folder.#claim(description);
    } catch (error) {
      await folder.close();
      throw error;
    }
    return folder;
  }

  /** Returns the path of a file or folder in the run folder. */
  path(name: string): string {
    return join(this.dir, name);
  }

  async close(): Promise<void> {
    await this.lock.release();
  }

  async #claim(description: RunDescription): Promise<void> {
    const path = this.path(RUN_FILE);
    const text = `${JSON.stringify({ fingerprint: fingerprint(description), ...description }, null, 2)}\n`;
    const existing = await readIfExists(path);
    if (existing === text) {
      await this.#removeLeftovers();
      return;
    }
    if (existing !== undefined) {
      throw new EngineError(
        'ERR_DATA',
        `The folder ${this.dir} holds a run that differs in ${differences(existing, description)}; ` +
          'choose another folder, or use the same settings to resume that run',
      );
    }
    const foreignFile = (await withFileErrors(`read ${this.dir}`, () => readdir(this.dir))).find(
      (name) => !name.startsWith('.lock') && name !== `${RUN_FILE}.partial`,
    );
    if (foreignFile !== undefined)
      throw new EngineError(
        'ERR_DATA',
        `The folder ${this.dir} is not a training run: it contains ${foreignFile}; choose another folder`,
      );
    await withFileErrors(`write ${path}`, async () => {
      await writeFile(`${path}.partial`, text);
      await rename(`${path}.partial`, path);
    });
  }

  /** Removes temporary folders and files of a killed process. */
  async #removeLeftovers(): Promise<void> {
    await withFileErrors(`write ${this.dir}`, async () => {
      for (const name of await readdir(this.dir)) {
        if (/^\.(best|last)\.(new|old)-/.test(name) || name.endsWith('.partial'))
          await rm(this.path(name), { recursive: true, force: true });
      }
    });
  }
}

function fingerprint(description: RunDescription): string {
  return createHash('sha256').update(JSON.stringify(description)).digest('hex');
}

async function readIfExists(path: string): Promise<string | undefined> {
  return withFileErrors(`read ${path}`, async () => {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  });
}

/** Lists the names and values of the settings that differ, for example `learningRate (0.0001 there, 0.001 now)`. */
function differences(existing: string, now: RunDescription): string {
  let before: Partial<RunDescription>;
  try {
    before = JSON.parse(existing) as Partial<RunDescription>;
  } catch {
    return `${RUN_FILE}, which is damaged`;
  }
  const differ = (a: unknown, b: unknown): boolean => JSON.stringify(a) !== JSON.stringify(b);
  const list: string[] = [];
  if (differ(before.encoder, now.encoder)) list.push('the encoder');
  if (differ(before.sources, now.sources)) list.push('the data');
  if (differ(before.read, now.read)) list.push('the options for reading the data');
  if (differ(before.texts, now.texts)) list.push('the preparation and cutting of texts');
  for (const [key, value] of Object.entries(now.settings) as [string, unknown][]) {
    const old = (before.settings as Record<string, unknown> | undefined)?.[key];
    if (differ(old, value)) list.push(`${key} (${String(old)} there, ${String(value)} now)`);
  }
  return list.join(', ') || RUN_FILE;
}
