/**
 * bench/bulk/generate-bulk.ts preloads this into `univar generate`. Replaces `fetch` by an endpoint for chats (OpenAI's
 * format) and translations (LibreTranslate's), which answers immediately and deterministically: with lists and
 * questions if the prompts of the package request them, otherwise with the beginning of a real answer from the
 * committed sample.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const ANSWERS = 500;
const CHARACTERS = Number(process.env.ANSWER_CHARACTERS);

const texts = gunzipSync(readFileSync(new URL('../../examples/quickstart/answers.jsonl.gz', import.meta.url)))
  .toString()
  .split('\n', ANSWERS)
  .map((line) => JSON.parse(line).answer.slice(0, CHARACTERS));

globalThis.fetch = async (_url, { body }) => {
  await new Promise(setImmediate);
  const { q, target, messages } = JSON.parse(body);
  const answer =
    q === undefined
      ? completion(messages.at(-1).content, createHash('sha256').update(body).digest())
      : { translatedText: `[${target}] ${q}` };
  return Response.json(answer);
};

function completion(prompt, hash) {
  const content = contentOf(prompt, hash);
  return {
    id: 'x',
    object: 'chat.completion',
    created: 0,
    model: 'made',
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }],
    usage: { prompt_tokens: Math.ceil(prompt.length / 4), completion_tokens: Math.ceil(content.length / 4) },
  };
}

function contentOf(prompt, hash) {
  const count = Number(/Write (\d+) (?:situations|other wordings)/.exec(prompt)?.[1] ?? 0);
  const word = (i) => hash.toString('hex', i, i + 4);
  const list = (entry) => Array.from({ length: count }, (_, i) => `${i + 1}. ${entry(i)}`).join('\n');
  if (prompt.startsWith('Value:'))
    return list(
      (i) => `A person in the town of ${word(i)} has to decide whether to keep an old promise to a neighbour.`,
    );
  if (prompt.startsWith('Situation:'))
    return `Should somebody from ${word(0)} keep an old promise to the neighbour ${word(4)}?`;
  if (prompt.startsWith('Question:'))
    return list((i) => `Is it right for somebody called ${word(i)} to keep an old promise?`);
  return texts[hash.readUInt32LE() % texts.length];
}
