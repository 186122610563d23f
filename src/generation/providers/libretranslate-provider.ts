import { type CallResult, type Request, translationResult } from '../call.js';
import { shortCode } from '../language-check.js';
import type { LibreTranslateEndpoint } from '../project-types.js';
import { ProviderError, statusError } from '../provider-error.js';
import type { Provider } from './provider.js';

/** Calls `POST /translate` of LibreTranslate. Languages are sent as two-letter codes. */
export class LibreTranslateProvider implements Provider {
  constructor(
    private readonly endpoint: LibreTranslateEndpoint,
    private readonly apiKey: string | undefined,
  ) {}

  async attempt(request: Request, signal: AbortSignal): Promise<CallResult> {
    if (request.kind !== 'translate') throw new ProviderError('endpoint', 'LibreTranslate can only translate');
    const { from, to, text } = request;
    const body = {
      q: text,
      source: shortCode(from),
      target: shortCode(to),
      format: 'text',
      ...(this.apiKey !== undefined && { api_key: this.apiKey }),
    };
    let response: Response;
    let answer: string;
    try {
      response = await fetch(`${this.endpoint.url.replace(/\/+$/, '')}/translate`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...this.endpoint.headers },
        body: JSON.stringify(body),
        signal,
      });
      answer = await response.text();
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      throw new ProviderError('transient', cause instanceof Error ? cause.message : String(cause), { cause: error });
    }
    if (!response.ok) throw statusError(response.status, answer, response.headers.get('retry-after'));
    const translated = translatedText(answer);
    if (translated === undefined)
      throw new ProviderError('transient', `the answer is not a translation: ${answer.slice(0, 200)}`);
    return translationResult(text, translated);
  }
}

function translatedText(answer: string): string | undefined {
  try {
    const value = JSON.parse(answer) as { translatedText?: unknown } | null;
    return typeof value?.translatedText === 'string' ? value.translatedText : undefined;
  } catch {
    return undefined;
  }
}
