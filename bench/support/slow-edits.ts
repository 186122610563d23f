/** Slow-downs put by hand into copies of the compiled JavaScript, each in another place; see counted-proof.ts. */

export interface SlowEdit {
  /** What became slower. */
  what: string;
  /** File in dist/, its text, and the text that replaces it. */
  file: string;
  find: string;
  replace: string;
  /** Benchmark that must detect it. */
  benchmark: string;
}

const TOKENIZER = {
  file: 'text/tokenizers/wordpiece.js',
  find: 'const job = encodeTexts(this.handle, texts, maxTokens, call);',
  benchmark: 'tokenizer/all-languages/one-thread/small',
};
const READER = {
  file: 'records/formats/jsonl-reader.js',
  find: 'const value = SURROGATE_ESCAPE',
  benchmark: 'read/jsonl/small',
};

export const SLOW_EDITS = {
  'tokenizer-twice': {
    ...TOKENIZER,
    what: 'the tokenizer encodes every 16th text twice',
    replace: `await encodeTexts(this.handle, texts.filter((_, i) => i % 16 === 0), maxTokens, call); ${TOKENIZER.find}`,
  },
  'tokenizer-waits': {
    ...TOKENIZER,
    what: 'the tokenizer waits for 0.5 ms, which executes nothing',
    replace: `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0.5); ${TOKENIZER.find}`,
  },
  'reader-twice': {
    ...READER,
    what: 'the reader parses every 8th line twice',
    replace: `if (number % 8 === 0) JSON.parse(text); ${READER.find}`,
  },
  'reader-copy': {
    ...READER,
    what: 'the reader copies every line once more',
    replace: `Buffer.from(text); ${READER.find}`,
  },
  'ngrams-twice': {
    what: 'the n-grams of every 16th text are extracted twice',
    file: 'native/ngrams.js',
    find: 'const { ids, counts } =',
    replace:
      'const some = plainList(texts).filter((_, i) => i % 16 === 0); ' +
      'await callNative(hideAbove, options, (control) => ' +
      'addon().extractNgrams(some, settings, new Int32Array(some.length + 1), control)); const { ids, counts } =',
    benchmark: 'ngrams/all-languages/one-thread/small',
  },
  'topk-twice': {
    what: 'the exact search searches 4 of 100 queries twice',
    file: 'native/similarity-base.js',
    find: 'const running = callNative(',
    replace:
      'if (rows === 100) await callNative(hideAbove, { signal }, (control) => addon().topkSearch(this.#handle, ' +
      '{ queries: queries.subarray(0, 4 * this.dim), rows: 4, ...allocateSearchResult(4, k) }, control)); ' +
      'const running = callNative(',
    benchmark: 'topk/uniform/prepared/small',
  },
  'graph-twice': {
    what: 'the index walks its graph twice for every 16th query',
    file: 'search/vector-index.js',
    find: 'await searchIndex(this.#handle, search, call);',
    replace:
      'globalThis.searches = (globalThis.searches ?? 0) + 1; if (globalThis.searches % 16 === 0) ' +
      'await searchIndex(this.#handle, search, call); await searchIndex(this.#handle, search, call);',
    benchmark: 'query/1-callers/small',
  },
} satisfies Record<string, SlowEdit>;

export type SlowEditName = keyof typeof SLOW_EDITS;
