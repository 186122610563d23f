/**
 * Checkpoints of a run: folders such as `step-0000000100` with the state of the learner and that of the run. A
 * checkpoint is written under a temporary name and renamed once it is on disk. Only then is the previous one removed,
 * so a complete checkpoint exists even if the process dies or the disk is full.
 */
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../core/errors.js';
import { fileError, withFileErrors } from '../core/file-errors.js';
import { syncFolder, writeDurably } from '../core/positioned-io.js';
import { SafetensorsFile } from '../encoder/formats/safetensors.js';
import { writeSafetensors } from '../encoder/formats/safetensors-writer.js';
import { hashFile } from '../records/input-files.js';
import type { BatchPosition, Learner } from './learner.js';

/** State of a run. Together with the state of its learner, it determines the rest of the run. */
export interface RunState {
  /** Updates done. */
  step: number;
  /** Undefined if the pairs of a step depend only on its number. */
  batches: BatchPosition | undefined;
  best: BestValidation | undefined;
  /** Validations since the best one. */
  stale: number;
  /** True if the training has ended, after its last step or early. */
  finished: boolean;
  /** Total tokens and seconds of all steps, in all processes of the run. */
  tokens: number;
  seconds: number;
}

/** The best validation of a run. */
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

/**
 * Writes the checkpoint of `state.step` and removes older ones.
 *
 * @throws EngineError `ERR_IO`; the previous checkpoint is then still intact
 */
export async function writeCheckpoint(dir: string, learner: Learner, state: RunState): Promise<void> {
  const final = join(dir, folderName(state.step));
  const partial = final + PARTIAL;
  try {
    await withFileErrors(`write ${final}`, async () => {
      await rm(partial, { recursive: true, force: true });
      await mkdir(partial);
      const files: StateFile['files'] = {};
      for (const name of learner.stateFiles) {
        await writeSafetensors(join(partial, name), await learner.tensors(name), {});
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
    // The first error is the one that matters.
    await rm(partial, { recursive: true, force: true }).catch(() => undefined);
    throw error;
  }
  for (const name of await folders(dir)) {
    if (name !== folderName(state.step))
      await withFileErrors(`remove ${join(dir, name)}`, () => rm(join(dir, name), { recursive: true, force: true }));
  }
}

/**
 * Restores the learner from the newest checkpoint.
 *
 * @returns the state of the run; undefined if there is no checkpoint
 * @throws EngineError `ERR_DATA` if the checkpoint is damaged or belongs to a different encoder
 */
export async function restoreCheckpoint(dir: string, learner: Learner): Promise<RunState | undefined> {
  const newest = (await folders(dir)).filter((name) => !name.endsWith(PARTIAL)).at(-1);
  if (newest === undefined) return undefined;
  const folder = join(dir, newest);
  const { version, files, ...state } = await readState(folder);
  if (version !== VERSION)
    throw new EngineError('ERR_DATA', `${folder} has version ${version}; this release reads version ${VERSION}`);
  for (const name of learner.stateFiles) {
    const path = join(folder, name);
    const { sha256 } = await hashFile(path);
    if (sha256 !== files[name]?.sha256)
      throw new EngineError(
        'ERR_DATA',
        `${path} is damaged: its checksum does not match ${STATE_FILE}. Delete ${folder} to start over`,
      );
    const file = await SafetensorsFile.open(path);
    try {
      await learner.restore(name, file);
    } finally {
      await file.close();
    }
  }
  learner.resume(state.step, state.batches);
  return state;
}

async function readState(folder: string): Promise<StateFile> {
  const path = join(folder, STATE_FILE);
  try {
    return JSON.parse(await readFile(path, 'utf8')) as StateFile;
  } catch (cause) {
    throw new EngineError('ERR_DATA', `${path} is missing or not valid JSON. Delete ${folder} to start over`, {
      cause,
    });
  }
}

/** Returns the folder name of a step, with ten digits so that names sort by step. */
function folderName(step: number): string {
  return `step-${String(step).padStart(10, '0')}`;
}

/** Lists the checkpoint folders, complete and partial, ordered by step. */
async function folders(dir: string): Promise<string[]> {
  try {
    return (await readdir(dir)).filter((name) => /^step-\d{10}(\.partial)?$/.test(name)).sort();
  } catch (error) {
    throw fileError(error, `read ${dir}`);
  }
}
