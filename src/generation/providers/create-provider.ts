import { EngineError } from '../../core/errors.js';
import { OPTIONAL_FEATURES } from '../../core/optional-features.js';
import { importOptional } from '../../core/optional-package.js';
import type { Endpoint } from '../project-types.js';
import type { Provider } from './provider.js';

/**
 * Creates the provider of an endpoint.
 *
 * @param env environment variables that hold the keys
 * @throws EngineError `ERR_DATA` if the variable of its key is not set, `ERR_NATIVE_LOAD` without the package openai
 */
export async function createProvider(
  name: string,
  endpoint: Endpoint,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Provider> {
  if (endpoint.kind === 'apertium') return new (await import('./apertium-provider.js')).ApertiumProvider(endpoint);
  const { apiKeyEnv } = endpoint;
  const key = apiKeyEnv === undefined ? undefined : env[apiKeyEnv];
  if (apiKeyEnv !== undefined && !key)
    throw new EngineError(
      'ERR_DATA',
      `The endpoint ${name} needs a key in the environment variable ${apiKeyEnv}, which is not set`,
    );
  if (endpoint.kind === 'libretranslate')
    return new (await import('./libretranslate-provider.js')).LibreTranslateProvider(endpoint, key);
  const { ChatProvider } = await importOptional(OPTIONAL_FEATURES.generation, () => import('./chat-provider.js'));
  return new ChatProvider(endpoint, key);
}
