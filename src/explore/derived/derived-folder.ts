/** The folder of a dataset with what was computed from it for exploration. Everything in it can be made again. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../../core/errors.js';
import { systemCode, withFileErrors } from '../../core/file-errors.js';
import { makeFolder } from '../../core/make-folder.js';
import { replaceFile } from '../../core/replace-file.js';
import { type ArrayFile, decodeArrays, encodeArrays } from './array-file.js';

/** Name of the folder in that of the dataset. */
export const DERIVED_FOLDER = 'explore';

export class DerivedFolder {
  #isWritable = true;
  readonly path: string;

  /** @param note receives notices meant for people: a damaged file, or a folder that cannot be written */
  constructor(
    datasetDir: string,
    private readonly note: (text: string) => void,
  ) {
    this.path = join(datasetDir, DERIVED_FOLDER);
  }

  /** Reads a file. Returns undefined if it is missing, or damaged, which it says. @throws EngineError `ERR_IO` */
  async read(name: string): Promise<ArrayFile | undefined> {
    const path = join(this.path, name);
    const bytes = await withFileErrors(`read ${path}`, async () => {
      try {
        return await readFile(path);
      } catch (error) {
        if (systemCode(error) === 'ENOENT') return undefined;
        throw error;
      }
    });
    if (!bytes) return undefined;
    const file = decodeArrays(bytes);
    if (!file) this.note(`${path} is damaged; making it again`);
    return file;
  }

  /** Writes a file atomically. If the folder cannot be written, says so once: the next start computes it again. */
  async write(name: string, file: ArrayFile): Promise<void> {
    if (!(await this.prepare())) return;
    try {
      await replaceFile(join(this.path, name), encodeArrays(file));
    } catch (error) {
      this.#refuse(error);
    }
  }

  /** Makes the folder. Returns whether it can be written. */
  async prepare(): Promise<boolean> {
    if (!this.#isWritable) return false;
    try {
      await makeFolder(this.path);
    } catch (error) {
      this.#refuse(error);
    }
    return this.#isWritable;
  }

  #refuse(error: unknown): void {
    if (!(error instanceof EngineError)) throw error;
    this.#isWritable = false;
    this.note(`${error.message}; what is computed now will be computed again at the next start`);
  }
}
