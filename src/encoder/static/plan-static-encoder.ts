import { createHash } from 'node:crypto';
import { basename, resolve } from 'node:path';

import { EngineError } from '../../core/errors.js';
import type { NgramTable } from '../../native/ngram-table.js';
import type { Encoder } from '../encoder.js';
import type { EncoderPlan, LoadEncoderOptions } from '../encoder-plan.js';
import { hashFile } from '../folder/fingerprint.js';
import { TableEncoder } from '../runners/table-encoder.js';
import { createTable, resolveTableOptions, UNLIMITED_TOKENS } from '../runners/table-loading.js';
import type { StaticFolder } from './static-folder.js';
import { readStaticDim, readStaticTable } from './static-table.js';
import { TokenBags } from './token-bags.js';

/**
 * Checks a folder with static embeddings and the options.
 *
 * @param options with known names
 * @throws EngineError like `loadEncoder`
 */
export async function planStaticEncoder(
  folder: string,
  files: StaticFolder,
  options: LoadEncoderOptions,
): Promise<EncoderPlan> {
  const maxTokens = resolveTableOptions(folder, options, 'static embeddings', files.maxTokens ?? UNLIMITED_TOKENS);
  const dim = await readStaticDim(files);
  const name = basename(resolve(folder));
  const fingerprint = (): Promise<string> => fingerprintOf(files, maxTokens);
  const load = async (): Promise<Encoder> => {
    const hash = await fingerprint();
    const bags = await TokenBags.load(files, maxTokens === UNLIMITED_TOKENS ? undefined : maxTokens);
    try {
      const table = await loadTable(files, bags);
      return new TableEncoder({
        name,
        dim,
        maxTokens,
        fingerprint: hash,
        encode: async (texts, call) => {
          const tokens = await bags.encode(texts, call);
          const embeddings = await table.encodeRows(tokens, { ...call, normalize: files.normalize });
          return { embeddings, tokens: tokens.offsets.subarray(1).map((end, text) => end - tokens.offsets[text]!) };
        },
        dispose: () => {
          table.dispose();
          return bags.dispose();
        },
      });
    } catch (error) {
      await bags.dispose();
      throw error;
    }
  };
  return { name, dim, backend: 'native', precision: 'f32', maxTokens, fingerprint, load };
}

async function loadTable(files: StaticFolder, bags: TokenBags): Promise<NgramTable> {
  const data = await readStaticTable(files);
  const rows = data.rows.length / data.dim;
  if (bags.size > rows) {
    throw new EngineError(
      'ERR_DATA',
      `${files.tokenizer} and ${files.weights} do not match: ${bags.size} tokens, but only ${rows} embeddings`,
    );
  }
  return createTable(files.weights, data);
}

/** Do not change keys or their order: datasets on disk contain fingerprints. */
async function fingerprintOf(files: StaticFolder, maxTokens: number): Promise<string> {
  const { normalize, prompt, isModel2vec } = files;
  const hashes = await Promise.all([files.weights, files.tokenizer].map(hashFile));
  const contents = { static: 1, files: hashes, normalize, prompt, isModel2vec, maxTokens };
  return createHash('sha256').update(JSON.stringify(contents)).digest('hex');
}
