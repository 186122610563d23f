import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';

import { type EmbeddableText, formatQa, type QuestionAnswer } from '../../../../src/core/question-answer.js';
import {
  BatchEncoder,
  type BatchEncoderParts,
  type BatchRunner,
} from '../../../../src/encoder/runners/batch-encoder.js';
import type { PackedTokens } from '../../../../src/native/packed-tokens.js';
import { readRecords } from '../../../../src/records/read-records.js';
import type { QaRecord } from '../../../../src/records/record.js';
import type { TextPreparation } from '../../../../src/text/text-preparation.js';
import { encodeQa, questionRoom } from '../../../../src/text/tokenizers/encode-qa.js';
import { HuggingFaceTokenizer } from '../../../../src/text/tokenizers/hugging-face.js';
import type { Tokenizer } from '../../../../src/text/tokenizers/tokenizer.js';
import { readTokenizerFile } from '../../../../src/text/tokenizers/tokenizer-file.js';
import { WordPieceTokenizer } from '../../../../src/text/tokenizers/wordpiece.js';
import { readTrainingSet } from '../../../../src/training/training-set.js';
import { BERT_FILE, unpack } from '../../../support/peer-tokenizer.js';
import { writeRecords } from '../../../support/records.js';
import { addedToken } from '../../../support/tiny-encoder.js';

const SCENARIOS = fileURLToPath(
  new URL('../../../../../shared/data/qa/human_rights_scenarios.jsonl.gz', import.meta.url),
);

const scratch = mkdtempSync(join(tmpdir(), 'univar-encode-qa-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const bert = WordPieceTokenizer.fromFile(BERT_FILE);
const peer = await HuggingFaceTokenizer.load(readTokenizerFile(BERT_FILE));
const bytes = await HuggingFaceTokenizer.load(readTokenizerFile(writeByteTokenizer()));
afterAll(() => Promise.all([bert.dispose(), peer.dispose(), bytes.dispose()]));

/** Byte-level BPE without merges, of the kind that joins a space to the next word: a token is a byte. */
function writeByteTokenizer(): string {
  const file = join(scratch, 'tokenizer.json');
  const visible = [
    ...Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)),
    'Ġ',
    'Ċ',
    '<s>',
    '</s>',
    '<e>',
  ];
  const vocab = Object.fromEntries(visible.map((token, id) => [token, id]));
  const single = (id: string): object => ({ SpecialToken: { id, type_id: 0 } });
  writeFileSync(
    file,
    JSON.stringify({
      version: '1.0',
      truncation: null,
      padding: null,
      normalizer: null,
      decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
      added_tokens: ['<s>', '</s>', '<e>'].map((content) => addedToken(content, vocab[content])),
      pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      // Two special tokens after the text and one before it, so that the counts differ.
      post_processor: {
        type: 'TemplateProcessing',
        single: [single('<s>'), { Sequence: { id: 'A', type_id: 0 } }, single('</s>'), single('<e>')],
        pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
        special_tokens: Object.fromEntries(
          ['<s>', '</s>', '<e>'].map((id) => [id, { id, ids: [vocab[id]], tokens: [id] }]),
        ),
      },
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        vocab,
        merges: [],
      },
    }),
  );
  return file;
}

/** Computes the ids according to the rule, from parts tokenised one by one. */
async function expected(
  tokenizer: Tokenizer,
  { question, answer }: QuestionAnswer,
  maxTokens: number,
): Promise<number[]> {
  const { before, after } = tokenizer;
  const content = async (text: string): Promise<number[]> =>
    unpack(await tokenizer.encode([text]))[0]!.slice(before.length, -after.length);
  const asked = question.trim() !== '';
  const q = asked ? await content(`Q: ${question.trim()}`) : [];
  const a = await content(`${asked ? 'A: ' : ''}${answer.trim()}`);
  const room = maxTokens - before.length - after.length;
  if (q.length + a.length <= room) return [...before, ...q, ...a, ...after];
  const kept = Math.min(q.length, Math.max(Math.floor(room / 4), room - a.length));
  return [...before, ...q.slice(0, kept), ...a.slice(0, room - kept), ...after];
}

const words = fc
  .array(
    fc.constantFrom('honest', 'unbelievable', 'tax', 'Überzeugung', '中文', "don't", '...', '\n', '[SEP]', 'ΟΔΟΣ'),
    { maxLength: 60 },
  )
  .map((list) => list.join(' '));
const texts: fc.Arbitrary<EmbeddableText[]> = fc.array(fc.oneof(fc.record({ question: words, answer: words }), words), {
  maxLength: 8,
});

describe('questionRoom', () => {
  it('gives the answer the tokens it needs while the question keeps a quarter, and uses all tokens', () => {
    const length = fc.nat(300);
    fc.assert(
      fc.property(length, length, length, (room, question, answer) => {
        const kept = questionRoom(room, question, answer);
        if (question + answer <= room) {
          expect(kept).toBe(question);
          return;
        }
        expect(kept).toBeLessThanOrEqual(Math.min(question, room));
        expect(room - kept).toBeLessThanOrEqual(answer);
        expect(room - kept).toBeGreaterThanOrEqual(Math.min(answer, room - Math.floor(room / 4)));
        expect(kept).toBeGreaterThanOrEqual(Math.min(question, Math.floor(room / 4)));
      }),
    );
  });
});

describe('encodeQa', () => {
  it.each([
    ['natively', bert],
    ['by the package tokenizers', peer],
  ] as const)('cuts according to the rule and leaves strings to the tokenizer, %s', async (_, tokenizer) => {
    await fc.assert(
      fc.asyncProperty(texts, fc.integer({ min: 2, max: 90 }), async (list, maxTokens) => {
        const actual = unpack(await encodeQa(tokenizer, list, { maxTokens }));
        const wanted = await Promise.all(
          list.map(async (text) =>
            typeof text === 'string'
              ? unpack(await tokenizer.encode([text], { maxTokens }))[0]!
              : expected(tokenizer, text, maxTokens),
          ),
        );
        expect(actual).toEqual(wanted);
      }),
      { numRuns: 60 },
    );
  });

  it('gives exactly the ids of the full text if it fits', async () => {
    const record = { question: ' Is it wrong to lie? ', answer: 'Usually, yes.\n' };
    for (const tokenizer of [bert, peer, bytes]) {
      const whole = unpack(await tokenizer.encode([formatQa(record)]))[0]!;
      expect(unpack(await encodeQa(tokenizer, [record], { maxTokens: whole.length }))).toEqual([whole]);
      expect(unpack(await encodeQa(tokenizer, [record]))).toEqual([whole]);
      expect(unpack(await encodeQa(tokenizer, [record], { maxTokens: whole.length - 1 }))[0]).not.toEqual(
        whole.slice(0, -1),
      );
    }
  });

  it('keeps the joint of question and answer if white space belongs to words', async () => {
    const question = 'a'.repeat(30);
    const cut = await encodeQa(
      bytes,
      [
        { question, answer: 'b'.repeat(5) },
        { question, answer: 'b'.repeat(30) },
      ],
      { maxTokens: 23 },
    );
    expect(unpack(cut)).toEqual(unpack(await bytes.encode(['Q: aaaaaaaa A: bbbbb', 'Q: aa A: bbbbbbbbbbb'])));
  });

  it('counts a prompt as part of the question', async () => {
    const prepare = (text: string): string => `search query: ${text}`.toLowerCase();
    const [ids] = unpack(
      await encodeQa(bytes, [{ question: 'B'.repeat(40), answer: 'C'.repeat(40) }, 'D'.repeat(99)], {
        maxTokens: 43,
        prepare,
      }),
    );
    expect(ids).toEqual(unpack(await bytes.encode([`search que a: ${'c'.repeat(26)}`]))[0]);
  });

  it('reports invalid arguments', async () => {
    const of = (list: unknown, options?: object): Promise<unknown> => encodeQa(bert, list as EmbeddableText[], options);
    const record = { question: 'a', answer: 'b' };
    await expect(of('a')).rejects.toMatchObject({
      code: 'ERR_ARG_TYPE',
      message: 'Expected an array of texts for "texts", got "a"',
    });
    await expect(of([record, null])).rejects.toMatchObject({
      code: 'ERR_ARG_TYPE',
      message: 'Expected a string or a question with an answer for "texts[1]", got null',
    });
    await expect(of([{ question: 'a' }])).rejects.toMatchObject({
      code: 'ERR_ARG_TYPE',
      message: 'Expected a string for "texts[0].answer", got undefined',
    });
    for (const list of [[record], ['a']])
      await expect(of(list, { maxTokens: 1 })).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
    await expect(of([record], { maxToken: 9 })).rejects.toThrow(/got "maxToken"/);
    await expect(of([record], { prepare: 'x' })).rejects.toMatchObject({ code: 'ERR_ARG_TYPE' });
    await expect(of([record], { maxTokens: 4, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
    expect(unpack((await of([])) as PackedTokens)).toEqual([]);
  });
});

/** Returns the ids that an encoder with these limits sends to its model, in the order of the texts. */
async function embeddedIds(
  records: readonly QaRecord[],
  maxTokens: number,
  preparation: TextPreparation,
): Promise<number[][]> {
  const found: number[][] = [];
  const runner: BatchRunner = {
    alive: true,
    encode: (batch) => {
      found.push(...unpack(batch));
      return Promise.resolve(new Float32Array(batch.offsets.length - 1));
    },
    stop: () => Promise.resolve(),
  };
  const model: BatchEncoderParts['model'] = {
    name: '',
    tokenizerFile: BERT_FILE,
    ...preparation,
    dim: 1,
    vocabSize: bert.vocabSize,
  };
  const encoder = new BatchEncoder(
    {
      model,
      backend: 'native',
      precision: 'f32',
      fingerprint: '',
      tokenizer: bert,
      start: () => Promise.resolve(runner),
      maxTokens,
      batchTokens: 1,
    },
    runner,
  );
  for (const record of records) await encoder.encode([record]);
  return found;
}

describe('records', () => {
  const long = (word: string): string => Array.from({ length: 200 }, (_, i) => `${word} ${i}`).join(', ');
  const made = ['b', 'a', 'b', 'a'].map((model, i) => ({
    qid: `q${i}`,
    question: i < 2 ? long('government') : 'Why?',
    answer: i % 2 ? long('because') : 'Because.',
    model,
    lang: 'eng',
  }));

  async function compare(
    records: readonly QaRecord[],
    path: string,
    maxTokens: number,
    preparation: TextPreparation = { prompt: '', lowerCase: false },
  ): Promise<number[][]> {
    const set = await readTrainingSet([path], bert, {
      read: {},
      maxTokens,
      preparation,
      minPerId: 1,
      signal: undefined,
      onProgress: () => undefined,
    });
    const trained = Array.from({ length: set.rows }, (_, row) => unpack(set.tokens.pack([[row]]))[0]!);
    expect(await embeddedIds(records, maxTokens, preparation)).toEqual(trained);
    return trained;
  }

  it('have the same tokens in training and embedding', async () => {
    const path = join(scratch, 'answers.jsonl');
    writeRecords(path, made);
    const trained = await compare(made, path, 64);
    expect(trained).toEqual(await Promise.all(made.map((record) => expected(bert, record, 64))));
    const prompted = await compare(made, path, 64, { prompt: 'Tell whose values: ', lowerCase: true });
    expect(prompted[0]!.slice(0, 6)).toEqual(unpack(await bert.encode(['tell whose values: q']))[0]!.slice(0, 6));
  });

  it.skipIf(!existsSync(SCENARIOS))(
    'of long scenarios keep three quarters of the tokens for the answer (skipped where ../shared/data is absent)',
    async () => {
      const records: QaRecord[] = [];
      for await (const batch of readRecords([SCENARIOS])) records.push(...batch.records);
      const trained = await compare(records, SCENARIOS, 128);
      const plain = unpack(await bert.encode(records.map(formatQa), { maxTokens: 128 }));
      const answers = await Promise.all(
        records.map(async ({ answer }) => unpack(await bert.encode([`A: ${answer.trim()}`]))[0]!.slice(1, -1)),
      );
      const holds = (ids: readonly number[], row: number): boolean => {
        const start = answers[row]!.slice(0, Math.min(94, answers[row]!.length)).join();
        return ids.join().includes(start);
      };
      expect(trained.filter(holds)).toHaveLength(records.length);
      expect(plain.filter(holds)).toHaveLength(0);
    },
  );
});
