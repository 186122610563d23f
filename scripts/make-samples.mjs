/**
 * Makes the committed samples from the full answer sets in ../shared/data: the quickstart answers, the small
 * multi-language fixture of the tests, and the texts that the tests of question generation replay. The same sets give
 * the same bytes.
 *
 * Usage: node scripts/make-samples.mjs [folder with qa/*.jsonl.gz]
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

const root = resolve(import.meta.dirname, '..');
const data = resolve(process.argv[2] ?? join(root, '../shared/data'));

const read = (name) =>
  gunzipSync(readFileSync(join(data, 'qa', `${name}.jsonl.gz`)))
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

function write(path, records, compress) {
  const text = records.map((record) => `${JSON.stringify(record)}\n`).join('');
  const bytes = compress ? gzipSync(text, { level: 9 }) : Buffer.from(text);
  // zlib already leaves the time out of the header. The byte for the operating system would differ between machines.
  if (compress) bytes[9] = 255;
  mkdirSync(resolve(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), bytes);
  console.log(`${path}: ${records.length} records, ${bytes.length} bytes`);
}

/** Number of propositions that two cores embed in one or two minutes. */
const PROPOSITIONS = 32;

/** The group is the proposition, so that a split never has one proposition on both sides. */
const answers = read('political_compass_open').map(({ qid, question, answer, model, lang }) => {
  const group = /^pct-pc-\d+/.exec(qid)?.[0];
  if (!group) throw new Error(`The question id ${qid} does not name a proposition`);
  return { qid, question, answer, model, lang, group };
});
const propositions = new Set([...new Set(answers.map(({ group }) => group))].slice(0, PROPOSITIONS));
const quickstart = answers.filter(({ group }) => propositions.has(group));

const cut = (text) => [...text].slice(0, 300).join('').trimEnd();
const shorten = ({ qid, question, answer, model, lang }) => ({
  qid,
  question: cut(question),
  answer: cut(answer),
  model,
  lang,
});

/** The same questions to the same models in three languages, and a few answers in many scripts. */
const questions = ['china_criticism_02', 'china_criticism_07', 'china_criticism_10'];
const models = ['claude-3-5-sonnet-20241022', 'chatgpt-4o-latest', 'qwen-max', 'grok-3-beta'];
const parallel = read('government_criticism').filter(
  ({ qid, model }) => questions.includes(qid) && models.includes(model),
);
const multilingual = read('mt_bench_multilingual');
const scripts = ['ben', 'ell', 'fra', 'guj', 'hin', 'jpn', 'tam', 'tha', 'urd'].flatMap((lang) =>
  multilingual.filter((record) => record.lang === lang && record.model === 'gpt-4').slice(0, 4),
);

/**
 * Situations, questions with their paraphrases, and answers of three models in two languages, for the test server that
 * replays them.
 */
const lists = (name) =>
  readFileSync(join(data, 'questions', `${name}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
const situations = lists('moralchoice_scenarios')
  .slice(0, 24)
  .map(({ situation }) => situation);
const wordings = new Map();
for (const question of lists('value_consistency_questions')) {
  if (question.lang !== 'eng' || question.country === 'china') continue;
  wordings.set(question.topic, [...(wordings.get(question.topic) ?? []), question]);
}
const replayed = [...wordings.values()].slice(0, 24).map((questions, i) => {
  const { paraphrase_of: question } = questions[0];
  const paraphrases = questions
    .filter(({ paraphrase_of: of, text }) => of === question && text !== question)
    .map(({ text }) => text);
  return { scenario: situations[i], question, paraphrases: paraphrases.slice(0, 4) };
});
const spoken = (model, lang) =>
  multilingual
    .filter(
      (record) =>
        record.model === model &&
        record.lang === lang &&
        record.answer.length > 250 &&
        /^[^`|=#*$]*$/.test(record.answer),
    )
    .slice(0, 12)
    .map(({ answer }) => ({ model, lang, answer: cut(answer) }));
const speakers = ['europa-sft-data-mix-v0.2', 'europa-100pct-sft-data-mix-v0.1', 'europa-90pct-sft'];

write('test/fixtures/generation/questions.jsonl', replayed, false);
write(
  'test/fixtures/generation/answers.jsonl',
  speakers.flatMap((model) => ['eng', 'spa'].flatMap((lang) => spoken(model, lang))),
  false,
);
write('examples/quickstart/answers.jsonl.gz', quickstart, true);
write('test/fixtures/answers-small.jsonl', [...parallel, ...scripts].map(shorten), false);
