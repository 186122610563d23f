import { escapeHtml } from '../../core/escape-html.js';
import { page, table } from '../../plots/html-page.js';
import type { AnswerFault } from '../records.js';
import type { AnswerFigures, QualityReport } from './collect.js';

const FAULTS = ['empty', 'wrong-language', 'refusal', 'truncated', 'repetitive'] as const satisfies AnswerFault[];

/** Builds the page of the quality report. */
export function reportPage(report: QualityReport, nameOf: (language: string) => string): string[] {
  const { project, stages, answers, roundTrip, spentBy, spent } = report;
  const records = stages.at(-1)!.output.records;
  const models = new Set(answers.map(({ model }) => model)).size;
  const languages = new Set(answers.map(({ lang }) => lang)).size;
  return page(`${project}: quality report`, [
    `<h1>${escapeHtml(project)}</h1>\n`,
    `<p class="soft">${count(records)} records of ${models} models in ${languages} languages; ` +
      `${count(spent.calls)} calls, ${spent.usd.toFixed(2)} USD. <a href="samples.html">Samples side by side</a></p>\n`,
    '<h2>Stages</h2>\n',
    table([
      ['stage', 'records in', 'records out', 'calls', 'failed', 'seconds', 'left out'],
      ...stages.map(({ stage, inputs, output, calls, failedCalls, seconds, rejects }) => [
        stage,
        count(inputs),
        count(output.records),
        count(calls),
        count(failedCalls),
        seconds.toFixed(1),
        Object.entries(rejects)
          .sort((a, b) => b[1] - a[1])
          .map(([reason, times]) => `${reason}: ${count(times)}`)
          .join('; '),
      ]),
    ]),
    '<h2>Answers</h2>\n',
    '<p class="soft">Percentages of the questions that a model was asked. By default, empty answers and ' +
      'answers in the wrong language are left out of the records. Records list the other faults.</p>\n',
    table([
      [
        'model',
        'language',
        'seen',
        'asked',
        'records',
        ...FAULTS,
        'duplicates',
        'failed calls',
        'lost in translation',
        'characters',
      ],
      ...answers.map((entry) => [
        entry.model,
        nameOf(entry.lang),
        entry.seen === undefined ? '' : entry.seen ? 'yes' : 'no',
        count(entry.asked),
        count(entry.records),
        ...FAULTS.map((fault) => share(entry.faults[fault] ?? 0, entry)),
        share(entry.duplicates, entry),
        share(entry.failedCalls, entry),
        share(entry.lostInTranslation, entry),
        count(entry.meanCharacters),
      ]),
    ]),
    '<h2>Round-trip translation</h2>\n',
    '<p class="soft">Cosine similarity of English questions and their back-translations from each language.</p>\n',
    roundTrip.length === 0
      ? '<p>English is the only language.</p>\n'
      : table([
          ['language', 'questions', 'mean', 'lowest tenth', 'worst', 'question', 'translated back'],
          ...roundTrip.map(({ lang, questions, mean, lowestTenth, worst }) => [
            nameOf(lang),
            count(questions),
            mean.toFixed(3),
            lowestTenth.toFixed(3),
            worst.similarity.toFixed(3),
            worst.question,
            worst.back,
          ]),
        ]),
    '<h2>Cost of all runs</h2>\n',
    table([
      ['stage', 'model', 'calls', 'prompt tokens', 'answer tokens', 'USD'],
      ...spentBy.map(({ stage, model, spending }) => [
        stage,
        model,
        count(spending.calls),
        count(spending.promptTokens),
        count(spending.completionTokens),
        spending.usd.toFixed(4),
      ]),
    ]),
  ]);
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function share(value: number, { asked }: AnswerFigures): string {
  return asked === 0 ? '' : `${((100 * value) / asked).toFixed(1)} %`;
}
