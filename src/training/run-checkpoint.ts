/**
 * Checkpoints of a run: folders `step-00000100` with the weights, both moments and where the run is. A folder is
 * written beside under another name and renamed when all of it is on the disk; the one before goes after that. Whenever
 * the process dies, or the disk is full, a whole checkpoint is there.
 */
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../core/errors.js';
import { fileError, withFileErrors } from '../core/file-errors.js';
import { syncFolder, writeDurably } from '../core/positioned-io.js';
import { SafetensorsFile } from '../encoder/formats/safetensors.js';
import { writeSafetensors } from '../encoder/formats/safetensors-writer.js';
import { hashFile } from '../records/input-files.js';
import type { BatchPosition } from './batch-source.js';
import type { Trainer, TrainerBlock } from './trainer.js';

/** Where a run is; with the weights and moments, all that its future depends on. */
export interface RunState {
  /** Updates done. */
  step: number;
  batches: BatchPosition;
  best: BestValidation | undefined;
  /** Validations since the best one. */
  stale: number;
  /** The training has ended, by its number of steps or early. */
  finished: boolean;
  /** Tokens and seconds of all updates so far, in whatever processes. */
  tokens: number;
  seconds: number;
}

export interface BestValidation {
  step: number;
  balancedAccuracy: number;
}

interface StateFile extends RunState {
  version: number;
  files: Record<string, { bytes: number; sha256: string }>;
}

const VERSION = 1;
const STATE_FILE = 'state.json';
const PARTIAL = '.partial';
const FILES: Readonly<Record<string, TrainerBlock>> = {
  'weights.safetensors': 'parameters',
  'first-moments.safetensors': 'firstMoments',
  'second-moments.safetensors': 'secondMoments',
};

/**
 * Writes the checkpoint of `state.step` and removes older ones.
 *
 * @throws EngineError `ERR_IO`; the checkpoint before is then still whole
 */
export async function writeCheckpoint(dir: string, trainer: Trainer, state: RunState): Promise<void> {
  const final = join(dir, folderName(state.step));
  const partial = final + PARTIAL;
  try {
    await withFileErrors(`write ${final}`, async () => {
      await rm(partial, { recursive: true, force: true });
      await mkdir(partial);
      const files: StateFile['files'] = {};
      for (const [name, block] of Object.entries(FILES)) {
        await writeSafetensors(join(partial, name), trainer.tensors(block), {});
        files[name] = await hashFile(join(partial, name));
      }
      const content: StateFile = { version: VERSION, ...state, files };
      await writeDurably(join(partial, STATE_FILE), `${JSON.stringify(content, null, 2)}\n`);
      await syncFolder(partial);
      await rm(final, { recursive: true, force: true });
      await rename(partial, final);
      await syncFolder(dir);
    });
  } catch (error) {
    // the first error is the one that matters
    await rm(partial, { recursive: true, force: true }).catch(() => undefined);
    throw error;
  }
  for (const name of await folders(dir)) {
    if (name !== folderName(state.step))
      await withFileErrors(`remove ${join(dir, name)}`, () => rm(join(dir, name), { recursive: true, force: true }));
  }
}

/**
 * The state of the newest checkpoint, whose weights and moments the trainer then has; undefined where there is none.
 *
 * @throws EngineError `ERR_DATA` when the checkpoint is damaged or belongs to another architecture
 */
export async function restoreCheckpoint(dir: string, trainer: Trainer): Promise<RunState | undefined> {
  const newest = (await folders(dir)).filter((name) => !name.endsWith(PARTIAL)).at(-1);
  if (newest === undefined) return undefined;
  const folder = join(dir, newest);
  const { version, files, ...state } = await readState(folder);
  if (version !== VERSION)
    throw new EngineError('ERR_DATA', `${folder} has version ${version}; this release reads version ${VERSION}`);
  for (const [name, block] of Object.entries(FILES)) {
    const path = join(folder, name);
    const { sha256 } = await hashFile(path);
    if (sha256 !== files[name]?.sha256)
      throw new EngineError(
        'ERR_DATA',
        `${path} is damaged: its checksum is not the one in ${STATE_FILE}. Delete ${folder} to begin anew`,
      );
    const file = await SafetensorsFile.open(path);
    try {
      await trainer.restore(block, file);
    } finally {
      await file.close();
    }
  }
  trainer.steps = state.step;
  return state;
}

async function readState(folder: string): Promise<StateFile> {
  const path = join(folder, STATE_FILE);
  try {
    return JSON.parse(await readFile(path, 'utf8')) as StateFile;
  } catch (cause) {
    throw new EngineError('ERR_DATA', `${path} is missing or not valid JSON. Delete ${folder} to begin anew`, {
      cause,
    });
  }
}

/** Ten digits, so that the order of names is that of steps. */
function folderName(step: number): string {
  return `step-${String(step).padStart(10, '0')}`;
}

/** Checkpoint folders, whole and partial, in the order of their steps. */
async function folders(dir: string): Promise<string[]> {
  try {
    return (await readdir(dir)).filter((name) => /^step-\d{10}(\.partial)?$/.test(name)).sort();
  } catch (error) {
    throw fileError(error, `read ${dir}`);
  }
}
