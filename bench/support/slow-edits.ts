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
  /** Only time can show it. */
  executesNothing?: true;
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
const CSV = {
  file: 'records/formats/csv-reader.js',
  find: 'const cells = {};',
  benchmark: 'read/csv/small',
};
const GRAPH = {
  file: 'search/vector-index.js',
  find: 'await searchIndex(this.#handle, search, call);',
  benchmark: 'query/1-callers/small',
};
const EXACT = {
  file: 'native/similarity-base.js',
  find: 'const running = callNative(',
  benchmark: 'topk/uniform/prepared/small',
};
const LOSS = {
  file: 'native/infonce.js',
  find: 'const loss = await callNative(',
  benchmark: 'infonce/one-way/f32/192',
};
const NGRAMS = {
  file: 'native/ngrams.js',
  find: 'const { ids, counts } =',
  benchmark: 'ngrams/all-languages/one-thread/small',
};
const ADDON = { file: 'native/loader.js', find: 'const cpu = addon;' };

const every = (count: number, name: string): string =>
  `(globalThis.${name} = (globalThis.${name} ?? 0) + 1) % ${count} === 0`;

/** Waits without executing anything, as a thread does for a lock. */
const wait = (milliseconds: number): string =>
  `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${milliseconds});`;

export const SLOW_EDITS = {
  'tokenizer-twice': {
    ...TOKENIZER,
    what: 'the tokenizer encodes every 16th text twice',
    replace: `await encodeTexts(this.handle, texts.filter((_, i) => i % 16 === 0), maxTokens, call); ${TOKENIZER.find}`,
  },
  'tokenizer-copy': {
    ...TOKENIZER,
    what: 'an extra copy: every 32nd text is copied character by character before it is encoded',
    replace: TOKENIZER.find.replace(
      'texts,',
      "texts.map((text, i) => (i % 32 === 0 ? text.split('').join('') : text)),",
    ),
  },
  'tokenizer-lock': {
    ...TOKENIZER,
    executesNothing: true,
    what: 'a lock: the tokenizer waits for 0.5 ms, which executes nothing',
    replace: `${wait(0.5)} ${TOKENIZER.find}`,
  },
  'reader-twice': {
    ...READER,
    what: 'the reader parses every 8th line twice',
    replace: `if (number % 8 === 0) JSON.parse(text); ${READER.find}`,
  },
  'reader-copy': {
    ...READER,
    what: 'an extra copy: the reader copies every 3rd line once more',
    replace: `if (number % 3 === 0) Buffer.from(text); ${READER.find}`,
  },
  'reader-allocation': {
    ...READER,
    what: 'an extra allocation: the reader makes an array of 200 numbers for every 32nd line',
    replace: `if (number % 32 === 0) globalThis.kept = Array.from({ length: 200 }, (_, i) => i); ${READER.find}`,
  },
  'csv-twice': {
    ...CSV,
    what: 'the CSV reader fills every 4th record twice',
    replace:
      'if (line % 4 === 0) { const unused = {}; ' +
      `for (let i = 0; i < header.length; i++) unused[header[i]] = fields[i].normalize(); } ${CSV.find}`,
  },
  'csv-allocation': {
    ...CSV,
    what: 'an extra allocation: the CSV reader joins the fields of every 4th record',
    replace: `if (line % 4 === 0) globalThis.kept = Buffer.from(fields.join()); ${CSV.find}`,
  },
  'ngrams-twice': {
    ...NGRAMS,
    what: 'the n-grams of every 16th text are extracted twice',
    replace:
      'const some = plainList(texts).filter((_, i) => i % 16 === 0); ' +
      'await callNative(hideAbove, options, (control) => ' +
      `addon().extractNgrams(some, settings, new Int32Array(some.length + 1), control)); ${NGRAMS.find}`,
  },
  'ngrams-normalise': {
    ...NGRAMS,
    what: 'every 4th text is normalised once more before its n-grams are extracted',
    replace:
      'const again = (text, i) => (i % 4 === 0 ? text.normalize("NFD").normalize("NFC") : text); ' +
      `texts = plainList(texts).map(again); ${NGRAMS.find}`,
  },
  'topk-twice': {
    ...EXACT,
    what: 'the exact search searches 4 of 100 queries twice',
    replace:
      'if (rows === 100) await callNative(hideAbove, { signal }, (control) => addon().topkSearch(this.#handle, ' +
      '{ queries: queries.subarray(0, 4 * this.dim), rows: 4, ...allocateSearchResult(4, k) }, control)); ' +
      EXACT.find,
  },
  'topk-sort': {
    ...EXACT,
    what: 'the exact search sorts the entries of every query',
    replace: `for (let i = 0; i < rows; i++) queries.slice(i * this.dim, (i + 1) * this.dim).sort(); ${EXACT.find}`,
  },
  'graph-twice': {
    ...GRAPH,
    what: 'the index walks its graph twice for every 16th query',
    replace: `if (${every(16, 'searches')}) ${GRAPH.find} ${GRAPH.find}`,
  },
  'graph-lock': {
    ...GRAPH,
    executesNothing: true,
    what: 'a lock: every 8th query waits for 0.1 ms, which executes nothing',
    replace: `if (${every(8, 'searches')}) { ${wait(0.1)} } ${GRAPH.find}`,
  },
  'graph-cache': {
    ...GRAPH,
    what: 'a cache miss pattern: every query reads 60 places of 256 MiB',
    replace:
      'globalThis.far ??= new Uint8Array(2 ** 28).fill(1); globalThis.at ??= 1; ' +
      'for (let i = 0; i < 60; i++) globalThis.at = (globalThis.at * 1103515 + far[globalThis.at]) % 2 ** 28; ' +
      GRAPH.find,
  },
  'loss-twice': {
    ...LOSS,
    what: 'the loss is computed twice for 48 of 192 rows',
    replace:
      'const part = { query: query.subarray(0, 48 * dim), key: key.subarray(0, 48 * dim), rows: 48, ' +
      'labels: undefined, dQuery: new Float32Array(48 * dim), dKey: new Float32Array(48 * dim), ' +
      'dim, logitScale, mode, precision }; ' +
      `await callNative(infoNce, { signal }, (control) => addon().infoNce(part, control)); ${LOSS.find}`,
  },
  'loss-check': {
    ...LOSS,
    what: 'the loss looks for numbers that are not finite in 16 of 192 rows, in TypeScript',
    replace:
      'for (const x of [query, key]) ' +
      `if (!x.subarray(0, 16 * dim).every(Number.isFinite)) throw new Error('NaN'); ${LOSS.find}`,
  },
  'attention-twice': {
    ...ADDON,
    what: 'attention is computed twice for 64 of 384 tokens',
    replace:
      'const cpu = { ...addon, attentionForward: async (qkv, offsets, out, lse, tokens, heads, headDim) => { ' +
      'await addon.attentionForward(qkv.subarray(0, 64 * 3 * heads * headDim), Int32Array.of(0, 64), ' +
      'new Float32Array(64 * heads * headDim), new Float32Array(64 * heads), 64, heads, headDim); ' +
      'return addon.attentionForward(qkv, offsets, out, lse, tokens, heads, headDim); } };',
    benchmark: 'attention/forward/MiniLM/small',
  },
  'linear-twice': {
    ...ADDON,
    what: 'the linear layer is computed twice for 32 of 384 rows',
    replace:
      'const cpu = { ...addon, linearForward: async (x, weight, bias, out, rows, outWidth, inWidth) => { ' +
      'await addon.linearForward(x.subarray(0, 32 * inWidth), weight, bias, new Float32Array(32 * outWidth), 32, ' +
      'outWidth, inWidth); return addon.linearForward(x, weight, bias, out, rows, outWidth, inWidth); } };',
    benchmark: 'linear/forward/384x384',
  },
  'bag-twice': {
    file: 'native/ngram-table.js',
    find: "const out = allocateFloat32(count * this.dim, 'the embeddings');",
    what: 'the sums of every 16th bag are computed twice',
    replace:
      "const some = Math.floor(count / 16); const out = allocateFloat32(count * this.dim, 'the embeddings'); " +
      'await callNative(callNative, call, (control) => addon().ngramTableEncodeRows(this.handle, ' +
      '{ ids: ids.subarray(0, offsets[some]), offsets: offsets.slice(0, some + 1), normalize, ' +
      'out: new Float32Array(some * this.dim) }, control));',
    benchmark: 'bag/forward/int8/small',
  },
} satisfies Record<string, SlowEdit>;

export type SlowEditName = keyof typeof SLOW_EDITS;
