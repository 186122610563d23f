import { expectCallback, expectInteger, expectOptions, expectSignal, fail } from '../../core/validate.js';
import type { CallOptions } from '../../native/call.js';
import type { TokenizeOptions } from './tokenizer.js';

/**
 * @throws EngineError `ERR_ARG_TYPE` naming the index of an entry that is neither a string nor a question with an
 *   answer
 */
export function expectEmbeddableTexts(texts: unknown): void {
  if (!Array.isArray(texts)) fail('ERR_ARG_TYPE', 'an array of texts', 'texts', texts);
  for (let i = 0; i < texts.length; i++) {
    const text: unknown = texts[i];
    if (typeof text === 'string') continue;
    if (typeof text !== 'object' || text === null || Array.isArray(text))
      fail('ERR_ARG_TYPE', 'a string or a question with an answer', `texts[${i}]`, text);
    for (const field of ['question', 'answer'] as const) {
      const value = (text as Partial<Record<typeof field, unknown>>)[field];
      if (typeof value !== 'string') fail('ERR_ARG_TYPE', 'a string', `texts[${i}].${field}`, value);
    }
  }
}

/**
 * Checks the arguments of `encode`.
 *
 * @returns the options; `maxTokens` is `Infinity` if there is no limit
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
  const given = expectOptions(options, 'options', ['maxTokens', 'signal', 'onProgress']) as TokenizeOptions;
  const { maxTokens = Infinity, signal, onProgress } = given;
  expectSignal(signal, 'signal');
  expectCallback(onProgress, 'onProgress');
  if (maxTokens !== Infinity) expectInteger(maxTokens, 'maxTokens', specialCount);
  return { maxTokens, signal, onProgress };
}
