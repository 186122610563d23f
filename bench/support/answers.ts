/** Real answers as texts for benchmarks. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const CORPUS = fileURLToPath(new URL('../../../shared/data/qa/', import.meta.url));
const SAMPLE = fileURLToPath(new URL('../../test/fixtures/tokenizer/answers.jsonl', import.meta.url));

export type AnswerLanguages = 'english' | 'all-languages';

interface Answer {
  lang: string;
  answer: string;
}

/**
 * Returns at least `wanted` UTF-8 bytes of answers. A check must measure the same on every machine, with and without
 * the corpus, so it takes the committed sample.
 */
export function answerTexts(
  languages: AnswerLanguages,
  only: 'run' | 'check',
  wanted: number,
): { texts: string[]; bytes: number } {
  const files = only === 'run' && existsSync(CORPUS) ? readdirSync(CORPUS).map((name) => CORPUS + name) : [SAMPLE];
  const answers = readAnswers(files);
  return takeTexts(languages === 'english' ? answers.filter(({ lang }) => lang === 'eng') : answers, wanted);
}

function readAnswers(files: readonly string[]): Answer[] {
  return files.flatMap((file) => {
    const bytes = readFileSync(file);
    const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Answer);
  });
}

/** Takes answers spread over the entire corpus, repeated if there are too few. */
function takeTexts(answers: readonly Answer[], wanted: number): { texts: string[]; bytes: number } {
  const total = answers.reduce((sum, { answer }) => sum + Buffer.byteLength(answer), 0);
  const step = Math.max(1, Math.floor(total / wanted));
  const texts: string[] = [];
  let bytes = 0;
  for (let i = 0; bytes < wanted; i += step) {
    const { answer } = answers[i % answers.length]!;
    texts.push(answer);
    bytes += Buffer.byteLength(answer);
  }
  return { texts, bytes };
}
