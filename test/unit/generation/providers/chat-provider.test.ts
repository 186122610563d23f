import { afterEach, describe, expect, it } from 'vitest';

import type { ChatRequest } from '../../../../src/generation/call.js';
import { endpointSchema } from '../../../../src/generation/project-schema.js';
import { ChatProvider } from '../../../../src/generation/providers/chat-provider.js';
import { LibreTranslateProvider } from '../../../../src/generation/providers/libretranslate-provider.js';
import { type Fault, type ReplayServer, startReplayServer } from '../../../support/replay-server.js';

const REQUEST: ChatRequest = {
  kind: 'chat',
  id: 'm',
  name: 'some/model',
  temperature: 0.5,
  maxTokens: 9,
  params: { top_p: 0.9 },
  seed: 7,
  template: null,
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Why?' },
  ],
};

let server: ReplayServer;
afterEach(() => server.close());

async function chatProvider(fault?: Fault): Promise<ChatProvider> {
  server = await startReplayServer({ fault: () => fault });
  const endpoint = endpointSchema.parse({
    kind: 'chat',
    url: server.url,
    headers: { 'x-team': 'values' },
    timeoutSeconds: 5,
  });
  if (endpoint.kind !== 'chat') throw new Error('not a chat endpoint');
  return new ChatProvider(endpoint, 'key');
}

/** Every attempt has its own signal, because the client leaves a listener on it. */
const never = (): AbortSignal => new AbortController().signal;

describe('ChatProvider', () => {
  it('sends the request and reads text, finish reason and tokens', async () => {
    const provider = await chatProvider({ kind: 'answer', content: 'Because.', finish: 'length' });
    expect(await provider.attempt(REQUEST, never())).toEqual({
      text: 'Because.',
      finish: 'length',
      promptTokens: 100,
      completionTokens: 50,
      estimated: false,
    });
    const [{ path, body, authorization }] = server.received as [ReplayServer['received'][number]];
    expect({ path, authorization }).toEqual({ path: '/v1/chat/completions', authorization: 'Bearer key' });
    expect(body).toEqual({
      model: 'some/model',
      messages: REQUEST.messages,
      temperature: 0.5,
      max_tokens: 9,
      seed: 7,
      top_p: 0.9,
      stream: false,
    });
  });

  it("uses the model's chat format if the endpoint only completes texts", async () => {
    const provider = await chatProvider({ kind: 'answer', content: 'Because.' });
    expect(
      (await provider.attempt({ ...REQUEST, template: '<s>[INST] {{prompt}} [/INST]', seed: null }, never())).text,
    ).toBe('Because.');
    await provider.attempt({ ...REQUEST, template: '<|system|>{{system}}<|user|>{{prompt}}' }, never());
    expect(server.received.map(({ path, prompt }) => `${path} ${prompt}`)).toEqual([
      '/v1/completions <s>[INST] Be brief.\n\nWhy? [/INST]',
      '/v1/completions <|system|>Be brief.<|user|>Why?',
    ]);
    expect(server.received[0]!.body).not.toHaveProperty('seed');
  });

  it.each<[string, Fault, object]>([
    ['no content', { kind: 'answer', content: null }, { text: '' }],
    [
      'parts',
      {
        kind: 'text',
        body: '{"choices":[{"message":{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}}]}',
      },
      { text: 'ab', finish: 'stop', estimated: true },
    ],
    [
      'a refusal',
      { kind: 'text', body: '{"choices":[{"message":{"content":null,"refusal":"No."}}],"usage":{"prompt_tokens":-1}}' },
      { text: 'No.', completionTokens: 1, estimated: true },
    ],
  ])('reads an answer with %s', async (_, fault, expected) => {
    expect(await (await chatProvider(fault)).attempt(REQUEST, never())).toMatchObject(expected);
  });

  it.each<[string, Fault, object]>([
    [
      '429',
      { kind: 'status', status: 429, headers: { 'retry-after': '2' } },
      { kind: 'transient', retryAfterMs: 2000 },
    ],
    ['500', { kind: 'status', status: 500 }, { kind: 'transient' }],
    [
      '400',
      { kind: 'status', status: 400 },
      { kind: 'call', message: expect.stringMatching(/^HTTP 400: .*refused with 400/) as string },
    ],
    ['401', { kind: 'status', status: 401 }, { kind: 'endpoint' }],
    ['a dropped connection', { kind: 'drop' }, { kind: 'transient' }],
    ['a cut answer', { kind: 'cut' }, { kind: 'transient' }],
    ['half of a JSON text', { kind: 'text', body: '{"choices": [' }, { kind: 'transient' }],
    ['another JSON text', { kind: 'text', body: '[1]' }, { kind: 'transient' }],
    ['nothing', { kind: 'text', body: '' }, { kind: 'transient' }],
    ['a page', { kind: 'text', body: '<html>' }, { kind: 'transient' }],
    ['wrong types', { kind: 'text', body: '{"choices":[{"message":{"content":5}}]}' }, { kind: 'transient' }],
  ])('classifies %s', async (_, fault, expected) => {
    await expect((await chatProvider(fault)).attempt(REQUEST, never())).rejects.toMatchObject({
      name: 'ProviderError',
      ...expected,
    });
  });

  it.each<Fault>([{ kind: 'silence' }, { kind: 'stall' }])(
    'stops at the signal in the middle of an answer: $kind',
    async (fault) => {
      const provider = await chatProvider(fault);
      const controller = new AbortController();
      const work = provider.attempt(REQUEST, controller.signal);
      setTimeout(() => controller.abort(), 100);
      await expect(work).rejects.toMatchObject({ name: 'ProviderError', kind: 'transient' });
    },
  );
});

describe('LibreTranslateProvider', () => {
  it.each<[string, Fault | undefined, object]>([
    ['a translation', undefined, { text: '[zh] Why?' }],
    ['a refusal', { kind: 'status', status: 403 }, { kind: 'endpoint' }],
    [
      'overload',
      { kind: 'status', status: 503, headers: { 'retry-after': '1' } },
      { kind: 'transient', retryAfterMs: 1000 },
    ],
    ['something else', { kind: 'text', body: '{"translatedText": 5}' }, { kind: 'transient' }],
    ['a cut answer', { kind: 'cut' }, { kind: 'transient' }],
  ])('reads %s', async (_, fault, expected) => {
    server = await startReplayServer({ fault: () => fault });
    const endpoint = endpointSchema.parse({ kind: 'libretranslate', url: server.url.replace('/v1', '/') });
    if (endpoint.kind !== 'libretranslate') throw new Error('not a translating endpoint');
    const result = await new LibreTranslateProvider(endpoint, 'key')
      .attempt({ kind: 'translate', engine: 'e', from: 'eng', to: 'zho', text: 'Why?' }, never())
      .catch((error: unknown) => error);
    expect(result).toMatchObject(expected);
    expect(server.received[0]!.body).toEqual({ q: 'Why?', source: 'en', target: 'zh', format: 'text', api_key: 'key' });
  });
});
