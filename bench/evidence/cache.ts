/**
 * Caches results of expensive steps in files, so that an interrupted run resumes and only changed settings are
 * recomputed.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Returns a short hash of everything that a step depends on. */
export function keyOf(settings: unknown): string {
  return createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 16);
}

/** Files `NAME-KEY` in a folder. A file appears when it is complete. */
export class Cache {
  constructor(readonly folder: string) {}

  /** Returns the JSON value of a step, and computes it only if its file does not exist. */
  async json<T>(name: string, settings: unknown, compute: () => Promise<T>): Promise<T> {
    const path = this.path(`${name}-${keyOf(settings)}.json`);
    if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as T;
    const value = await compute();
    write(path, JSON.stringify(value));
    return value;
  }

  /** Does the same for a matrix. */
  async floats(name: string, settings: unknown, compute: () => Promise<Float32Array>): Promise<Float32Array> {
    const path = this.path(`${name}-${keyOf(settings)}.f32`);
    if (existsSync(path)) return new Float32Array(new Uint8Array(readFileSync(path)).buffer);
    const values = await compute();
    write(path, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    return values;
  }

  path(name: string): string {
    return join(this.folder, name);
  }
}

function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.part`, content);
  renameSync(`${path}.part`, path);
}
