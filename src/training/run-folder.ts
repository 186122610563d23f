/**
 * The folder of a run: run.json says what is trained with which settings; metrics.jsonl, a checkpoint folder, and the
 * encoders `best` and `last`. One process at a time.
 */

import { createHash } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../core/errors.js';
import { systemCode, withFileErrors } from '../core/file-errors.js';
import { FolderLock } from '../core/folder-lock.js';
import { makeFolder } from '../core/make-folder.js';
import { describeSources, hashFile, type SourceFile } from '../records/input-files.js';
import type { TextPreparation } from '../text/text-preparation.js';
import { CUTTING } from '../text/tokenizers/encode-qa.js';
import type { TrainOptions, TrainSettings } from './settings.js';

/** What decides the weights that come out; two runs with equal descriptions give equal bytes on one machine. */
export interface RunDescription {
  encoder: Record<string, string>;
  sources: SourceFile[];
  read: Record<string, unknown>;
  /** What is done to texts: before they are tokenised, and where they are too long. */
  texts: TextPreparation & { cutting: string };
  settings: TrainSettings;
}

const RUN_FILE = 'run.json';

/**
 * @param files of the encoder's folder that decide what it computes
 * @throws EngineError `ERR_DATA`, `ERR_IO`, `ERR_ABORTED`
 */
export async function describeRun(
  options: TrainOptions,
  settings: TrainSettings,
  preparation: TextPreparation,
  files: readonly string[],
): Promise<RunDescription> {
  const { encoder, data, read, signal } = options;
  const hashes: Record<string, string> = {};
  for (const file of [...files].sort()) hashes[file] = (await hashFile(join(encoder, file), signal)).sha256;
  return {
    encoder: hashes,
    sources: await describeSources(data, read?.format, signal),
    read: { ...read },
    texts: { ...preparation, cutting: CUTTING },
    settings,
  };
}

export class RunFolder {
  private constructor(
    readonly dir: string,
    private readonly lock: FolderLock,
  ) {}

  /**
   * Takes the folder, which is made where it does not exist.
   *
   * @throws EngineError `ERR_BUSY` while another process trains there; `ERR_DATA` where the folder holds a run with
   *   other settings, naming them, or something that is no run; `ERR_IO`
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

  /** Path of something in the folder. */
  path(name: string): string {
    return join(this.dir, name);
  }

  async close(): Promise<void> {
    await this.lock.release();
  }

  async #claim(description: RunDescription): Promise<void> {
    const path = this.path(RUN_FILE);
    const text = `${JSON.stringify({ fingerprint: fingerprint(description), ...description }, null, 2)}\n`;
    const there = await readIfThere(path);
    if (there === text) {
      await this.#removeLeftovers();
      return;
    }
    if (there !== undefined) {
      throw new EngineError(
        'ERR_DATA',
        `The folder ${this.dir} holds a run that differs in ${differences(there, description)}; take another folder, or the same settings to go on with it`,
      );
    }
    const stranger = (await withFileErrors(`read ${this.dir}`, () => readdir(this.dir))).find(
      (name) => !name.startsWith('.lock') && name !== `${RUN_FILE}.partial`,
    );
    if (stranger !== undefined)
      throw new EngineError(
        'ERR_DATA',
        `The folder ${this.dir} holds ${stranger} and is no training run; take another folder`,
      );
    await withFileErrors(`write ${path}`, async () => {
      await writeFile(`${path}.partial`, text);
      await rename(`${path}.partial`, path);
    });
  }

  /** Folders that a killed process was about to give their names. */
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

async function readIfThere(path: string): Promise<string | undefined> {
  return withFileErrors(`read ${path}`, async () => {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  });
}

/** Names and values of the settings that differ, for example `learningRate (0.0001 there, 0.001 now)`. */
function differences(there: string, now: RunDescription): string {
  let before: Partial<RunDescription>;
  try {
    before = JSON.parse(there) as Partial<RunDescription>;
  } catch {
    return `${RUN_FILE}, which is damaged`;
  }
  const differ = (a: unknown, b: unknown): boolean => JSON.stringify(a) !== JSON.stringify(b);
  const list: string[] = [];
  if (differ(before.encoder, now.encoder)) list.push('the encoder');
  if (differ(before.sources, now.sources)) list.push('the data');
  if (differ(before.read, now.read)) list.push('how the data are read');
  if (differ(before.texts, now.texts)) list.push('how texts are prepared and cut');
  for (const [key, value] of Object.entries(now.settings)) {
    const old = (before.settings as Record<string, unknown> | undefined)?.[key];
    if (differ(old, value)) list.push(`${key} (${String(old)} there, ${String(value)} now)`);
  }
  return list.join(', ') || RUN_FILE;
}
