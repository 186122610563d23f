/** Calls of models and translators: requests, results, and the keys of results. */
import { createHash } from 'node:crypto';

import { type Model, type Price, type Translator } from './project.js';
import { fillPrompt, type Message, type Prompts } from './prompts.js';

/** A request to a chat model. */
export interface ChatRequest {
  kind: 'chat';
  /** Id of the model; a server may serve several models under one name. */
  id: string;
  /** Name of the model at the endpoint. */
  name: string;
  messages: Message[];
  temperature: number;
  maxTokens: number;
  params: Readonly<Record<string, unknown>>;
  /** Null if the endpoint accepts no seed. */
  seed: number | null;
  /** Chat format, for endpoints that only complete texts. */
  template: string | null;
}

/** A request for a translation. */
export interface TranslateRequest {
  kind: 'translate';
  /** Name of the endpoint. Different engines translate differently. */
  engine: string;
  from: string;
  to: string;
  text: string;
}

/** A request to an endpoint. */
export type Request = ChatRequest | TranslateRequest;

export interface Call {
  stage: string;
  /** Model or translator, for reports. */
  model: string;
  endpoint: string;
  price: Price;
  request: Request;
}

/** Answer of a model or translator. */
export interface CallResult {
  text: string;
  /** Why the model stopped: `stop`, `length` (cut), `content_filter`, or another word of the endpoint. */
  finish: string;
  promptTokens: number;
  completionTokens: number;
  /** True if the endpoint reported no tokens, so that they are estimated. */
  estimated: boolean;
}

const FREE: Price = { input: 0, output: 0 };

/** Returns 32 hexadecimal digits, a hash of everything that decides a result: prompt, model, parameters, seed. */
export function callKey({ request }: Pick<Call, 'request'>): string {
  return createHash('sha256').update(JSON.stringify(request, sortedKeys)).digest('hex').slice(0, 32);
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Estimates tokens as a quarter of the UTF-8 bytes: close to common tokenizers on English, and of the right order for
 * other scripts.
 */
export function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 4);
}

export function requestTokens(request: Request): number {
  return request.kind === 'chat'
    ? request.messages.reduce((sum, { content }) => sum + estimateTokens(content) + 4, 0)
    : estimateTokens(request.text);
}

/** The result of a translator, which reports no tokens. */
export function translationResult(text: string, translated: string): CallResult {
  return {
    text: translated,
    finish: 'stop',
    promptTokens: estimateTokens(text),
    completionTokens: estimateTokens(translated),
    estimated: true,
  };
}

/** Returns the price of tokens in USD. */
export function costOf({ input, output }: Price, promptTokens: number, completionTokens: number): number {
  return (promptTokens * input + completionTokens * output) / 1e6;
}

export interface Sampling {
  temperature: number;
  maxTokens: number;
  seed: number;
}

/** Builds a call of a chat model. Settings of the model's entry take precedence over `sampling`. */
export function chatCall(stage: string, model: Model, messages: readonly Message[], sampling: Sampling): Call {
  const { system } = model;
  const own = messages.some(({ role }) => role === 'system') || system === undefined;
  return {
    stage,
    model: model.id,
    endpoint: model.endpoint,
    price: model.price,
    request: {
      kind: 'chat',
      id: model.id,
      name: model.name,
      messages: own ? [...messages] : [{ role: 'system', content: system }, ...messages],
      temperature: model.temperature ?? sampling.temperature,
      maxTokens: model.maxTokens ?? sampling.maxTokens,
      params: model.params,
      seed: model.sendSeed ? sampling.seed : null,
      template: model.template ?? null,
    },
  };
}

/** Builds a call that translates `text`. */
export function translationCall(
  stage: string,
  translator: Translator,
  prompts: Prompts,
  seed: number,
  from: string,
  to: string,
  text: string,
  nameOf: (language: string) => string,
): Call {
  const { id, endpoint, model } = translator;
  if (!model)
    return {
      stage,
      model: id,
      endpoint,
      price: FREE,
      request: { kind: 'translate', engine: endpoint, from, to, text },
    };
  const messages = fillPrompt(prompts.translation, { from: nameOf(from), to: nameOf(to), text });
  return chatCall(stage, model, messages, {
    temperature: translator.temperature,
    maxTokens: translator.maxTokens,
    seed,
  });
}
