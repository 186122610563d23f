import { expectOptions, expectPath } from '../core/validate.js';
import type { EncoderPlan, LoadEncoderOptions } from './encoder-plan.js';
import { loadTransformer } from './load-transformer.js';
import { isNgramFolder } from './ngrams/ngram-folder.js';
import { planNgramEncoder } from './ngrams/plan-ngram-encoder.js';
import { planTransformer } from './plan-transformer.js';
import { planStaticEncoder } from './static/plan-static-encoder.js';
import { readStaticFolder } from './static/static-folder.js';

/**
 * Checks an encoder folder and the options without loading the weights.
 *
 * @throws EngineError like `loadEncoder`
 */
export async function planEncoder(folder: string, options: LoadEncoderOptions = {}): Promise<EncoderPlan> {
  expectPath(folder, 'folder');
  expectOptions(options, 'options', ['maxTokens', 'threads', 'batchTokens', 'backend', 'precision']);
  if (await isNgramFolder(folder)) return planNgramEncoder(folder, options);
  const files = await readStaticFolder(folder);
  if (files) return planStaticEncoder(folder, files, options);
  const plan = await planTransformer(folder, options);
  const { model, backend, precision, maxTokens, fingerprint } = plan;
  const { name, dim } = model;
  return { name, dim, backend, precision, maxTokens, fingerprint, load: () => loadTransformer(plan) };
}
