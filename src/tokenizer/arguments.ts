import type { CallOptions } from '../native/call.js';
import { expectInteger, expectOptions, expectSignal, fail } from '../native/validate.js';
import type { TokenizeOptions } from './tokenizer.js';

/**
 * Checks what `encode` was given.
 *
 * @returns the options, `maxTokens` being `Infinity` when there is no limit
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`
 */
export function checkEncodeArguments(
  texts: unknown,
  options: TokenizeOptions | undefined,
  specialCount: number,
): CallOptions & { maxTokens: number } {
  if (!Array.isArray(texts)) fail('ERR_ARG_TYPE', 'an array of strings', 'texts', texts);
  for (let i = 0; i < texts.length; i++) {
    if (typeof texts[i] !== 'string') fail('ERR_ARG_TYPE', 'a string', `texts[${i}]`, texts[i]);
  }
  expectOptions(options, 'options', ['maxTokens', 'signal', 'onProgress']);
  expectSignal(options?.signal, 'signal');
  const { maxTokens = Infinity, signal, onProgress } = options ?? {};
  if (maxTokens !== Infinity) expectInteger(maxTokens, 'maxTokens', specialCount);
  return { maxTokens, signal, onProgress };
}
