import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

import { EngineError } from '../core/errors.js';
import type { ModelFolder } from './model-folder.js';

/**
 * SHA-256 over everything that decides the vectors of an encoder: bytes of the graph, of its weights and of the tokenizer,
 * and the settings. Where the folder lies, threads and batches do not matter.
 *
 * @throws EngineError `ERR_IO` if a file cannot be read
 */
export async function fingerprint(model: ModelFolder, maxTokens: number): Promise<string> {
  const files = [model.modelFile, ...model.weightFiles, model.tokenizerFile];
  const { pooling, normalize, prompt, lowerCase } = model;
  const contents = {
    files: await Promise.all(files.map(hashFile)),
    settings: { pooling, normalize, prompt, lowerCase, maxTokens, precision: 'f32' },
  };
  return createHash('sha256').update(JSON.stringify(contents)).digest('hex');
}

async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  } catch (cause) {
    throw new EngineError('ERR_IO', `${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  return hash.digest('hex');
}
