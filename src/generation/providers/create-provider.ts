import { EngineError } from '../../core/errors.js';
import type { Endpoint } from '../project-schema.js';
import type { Provider } from './provider.js';

/**
 * The provider of an endpoint.
 *
 * @param env where keys are taken from
 * @throws EngineError `ERR_DATA` where the variable of its key is not set
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
      `The endpoint ${name} takes its key from the environment variable ${apiKeyEnv}, which is not set`,
    );
  if (endpoint.kind === 'libretranslate')
    return new (await import('./libretranslate-provider.js')).LibreTranslateProvider(endpoint, key);
  return new (await import('./chat-provider.js')).ChatProvider(endpoint, key);
}
