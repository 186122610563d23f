import OpenAI, { APIConnectionError, APIError } from 'openai';

import { type CallResult, type ChatRequest, estimateTokens, type Request, requestTokens } from '../call.js';
import type { ChatEndpoint } from '../project-types.js';
import { ProviderError, statusError } from '../provider-error.js';
import type { Provider } from './provider.js';

/** Calls any endpoint with OpenAI's API of chat or text completions: vLLM, llama.cpp, Ollama, TGI, hosted services. */
export class ChatProvider implements Provider {
  readonly #client: OpenAI;

  /** @param apiKey undefined for endpoints that need none */
  constructor({ url, headers, timeoutSeconds }: ChatEndpoint, apiKey: string | undefined) {
    this.#client = new OpenAI({
      baseURL: url,
      apiKey: apiKey ?? 'none',
      // Otherwise, the client would read its settings from the environment.
      organization: null,
      project: null,
      adminAPIKey: null,
      // EndpointQueue retries, for all kinds of endpoints.
      maxRetries: 0,
      timeout: timeoutSeconds * 1000,
      defaultHeaders: headers,
      logLevel: 'off',
    });
  }

  async attempt(request: Request, signal: AbortSignal): Promise<CallResult> {
    if (request.kind !== 'chat')
      throw new ProviderError('endpoint', 'an endpoint of kind chat cannot translate by itself');
    try {
      return request.template === null
        ? await this.#chat(request, signal)
        : await this.#complete(request, request.template, signal);
    } catch (error) {
      throw toProviderError(error);
    }
  }

  async #chat(request: ChatRequest, signal: AbortSignal): Promise<CallResult> {
    const { messages } = request;
    const completion: unknown = await this.#client.chat.completions.create(
      { ...common(request), messages, stream: false },
      { signal },
    );
    return readCompletion(completion, request, (choice) => {
      const message = asObject(choice['message']);
      return message && contentText(message['content'] ?? message['refusal']);
    });
  }

  async #complete(request: ChatRequest, template: string, signal: AbortSignal): Promise<CallResult> {
    const prompt = fillTemplate(template, request.messages);
    const completion: unknown = await this.#client.completions.create(
      { ...common(request), prompt, stream: false },
      { signal },
    );
    return readCompletion(completion, request, (choice) => contentText(choice['text']));
  }
}

function common({ name, temperature, maxTokens, seed, params }: ChatRequest) {
  return { model: name, temperature, max_tokens: maxTokens, ...(seed !== null && { seed }), ...params };
}

function fillTemplate(template: string, messages: ChatRequest['messages']): string {
  const join = (...roles: string[]): string =>
    messages
      .filter(({ role }) => roles.includes(role))
      .map(({ content }) => content)
      .join('\n\n');
  const hasSystem = template.includes('{{system}}');
  const values = {
    system: join('system'),
    prompt: hasSystem ? join('user', 'assistant') : join('system', 'user', 'assistant'),
  };
  return template.replace(/\{\{(system|prompt)\}\}/g, (_, name: 'system' | 'prompt') => values[name]);
}

/** Validates a completion: an endpoint can send anything. */
function readCompletion(
  completion: unknown,
  request: ChatRequest,
  textOf: (choice: Record<string, unknown>) => string | undefined,
): CallResult {
  const body = asObject(completion);
  const choices = body?.['choices'];
  const choice = Array.isArray(choices) ? asObject(choices[0]) : undefined;
  const text = choice && textOf(choice);
  if (!body || !choice || text === undefined)
    throw new ProviderError(
      'transient',
      `the answer is not a completion: ${JSON.stringify(completion ?? null).slice(0, 200)}`,
    );
  const usage = asObject(body['usage']);
  const promptTokens = tokenCount(usage?.['prompt_tokens']);
  const completionTokens = tokenCount(usage?.['completion_tokens']);
  return {
    text,
    finish: typeof choice['finish_reason'] === 'string' ? choice['finish_reason'] : 'stop',
    promptTokens: promptTokens ?? requestTokens(request),
    completionTokens: completionTokens ?? estimateTokens(text),
    estimated: promptTokens === undefined || completionTokens === undefined,
  };
}

/** Returns a text, or the texts of its parts. Null means that the model said nothing, and gives an empty text. */
function contentText(content: unknown): string | undefined {
  if (content === null || content === undefined) return '';
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return undefined;
  return content
    .map((part) => asObject(part)?.['text'])
    .filter((text) => typeof text === 'string')
    .join('');
}

function asObject(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function tokenCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function toProviderError(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  if (error instanceof APIConnectionError) {
    const { cause } = error;
    const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
    return new ProviderError(
      'transient',
      inner instanceof Error ? `${error.message} ${inner.message}` : error.message,
      { cause: error },
    );
  }
  if (error instanceof APIError && typeof error.status === 'number') {
    const headers: unknown = error.headers;
    return statusError(
      error.status,
      error.message.replace(/^\d+\s+/, ''),
      headers instanceof Headers ? headers.get('retry-after') : null,
    );
  }
  // A dropped connection or invalid JSON shows only while the body is read, as an error of the runtime.
  return new ProviderError('transient', error instanceof Error ? error.message : String(error), { cause: error });
}
