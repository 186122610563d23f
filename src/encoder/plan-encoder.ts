import { expectOptions, expectPath } from '../core/validate.js';
import type { EncoderPlan, LoadEncoderOptions } from './encoder-plan.js';
import { isNgramFolder } from './ngrams/ngram-folder.js';
import { planNgramEncoder } from './ngrams/plan-ngram-encoder.js';

/**
 * Checks an encoder folder and the options without loading the weights.
 *
 * @throws EngineError like `loadEncoder`
 */
export async function planEncoder(folder: string, options: LoadEncoderOptions = {}): Promise<EncoderPlan> {
  expectPath(folder, 'folder');
  const keys = ['maxTokens', 'threads', 'batchTokens', 'backend', 'precision'] as const;
  const given = expectOptions(options, 'options', keys) as LoadEncoderOptions;
  if (await isNgramFolder(folder)) return planNgramEncoder(folder, given);
  // N-gram encoders, which start in milliseconds, do not need the code of the others.
  const { readStaticFolder } = await import('./static/static-folder.js');
  const files = await readStaticFolder(folder);
  if (files) return (await import('./static/plan-static-encoder.js')).planStaticEncoder(folder, files, given);
  const { loadTransformer } = await import('./load-transformer.js');
  const { planTransformer } = await import('./plan-transformer.js');
  const plan = await planTransformer(folder, given);
  const { model, backend, precision, maxTokens, fingerprint } = plan;
  const { name, dim } = model;
  return { name, dim, backend, precision, maxTokens, fingerprint, load: () => loadTransformer(plan) };
}
