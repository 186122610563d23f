/** Calls of models and translators: what is sent, what comes back, and the address of a result. */
import { createHash } from 'node:crypto';

import { type Model, type Price, type Translator } from './project.js';
import { fillPrompt, type Message, type Prompts } from './prompts.js';

export interface ChatRequest {
  kind: 'chat';
  /** Id of the model; a server may know several by one name. */
  id: string;
  /** What the endpoint calls it. */
  name: string;
  messages: Message[];
  temperature: number;
  maxTokens: number;
  params: Readonly<Record<string, unknown>>;
  /** Null where the endpoint takes none. */
  seed: number | null;
  /** Chat format, for endpoints that only complete texts. */
  template: string | null;
}

export interface TranslateRequest {
  kind: 'translate';
  /** Name of the endpoint: another engine is another translation. */
  engine: string;
  from: string;
  to: string;
  text: string;
}

export type Request = ChatRequest | TranslateRequest;

export interface Call {
  stage: string;
  /** Model or translator, for reports. */
  model: string;
  endpoint: string;
  price: Price;
  request: Request;
}

/** What came back. */
export interface CallResult {
  text: string;
  /** Why the model stopped: `stop`, `length` (cut), `content_filter`, or whatever the endpoint says. */
  finish: string;
  promptTokens: number;
  completionTokens: number;
  /** True where the endpoint told no tokens and they are counted by {@link estimateTokens}. */
  estimated: boolean;
}

const FREE: Price = { input: 0, output: 0 };

/** 32 hexadecimal digits that stand for everything which decides a result: prompt, model, parameters, seed. */
export function callKey({ request }: Pick<Call, 'request'>): string {
  return createHash('sha256').update(JSON.stringify(request, sortedKeys)).digest('hex').slice(0, 32);
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * A quarter of the UTF-8 bytes: near what common tokenizers make of English, and of the right size for other scripts.
 */
export function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 4);
}

export function requestTokens(request: Request): number {
  return request.kind === 'chat'
    ? request.messages.reduce((sum, { content }) => sum + estimateTokens(content) + 4, 0)
    : estimateTokens(request.text);
}

/** USD for a number of tokens. */
export function costOf({ input, output }: Price, promptTokens: number, completionTokens: number): number {
  return (promptTokens * input + completionTokens * output) / 1e6;
}

export interface Sampling {
  temperature: number;
  maxTokens: number;
  seed: number;
}

/** A call of a chat model; what the model's entry says wins over `sampling`. */
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

/** A call that translates `text`. */
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
