/** The report of a comparison of two sides: one page without scripts that works from disk. */
import { escapeHtml } from '../../core/escape-html.js';
import { expectInteger, expectOptions, expectString } from '../../core/validate.js';
import { page } from '../../plots/html-page.js';
import type { Comparison } from '../compare-answers.js';
import type { MarkingPhrase } from '../marking-phrases.js';
import type { QuestionDifference } from '../question-differences.js';
import { expectComparison } from './expect-result.js';
import { CAVEATS, describeOrder, describeTest, formatP, OTHER_LANGUAGE, visiblePhrase } from './wording.js';

/** Options of `comparisonPage`. */
export interface ComparisonPageOptions {
  /** Name of the encoder. */
  encoder: string;
  /** A remark that readers of the figures must know. */
  note?: string | undefined;
  /** Number of questions to show. @default 25 */
  questions?: number | undefined;
  /** Maximum length of a question or an answer in characters; longer texts are cut. @default 4000 */
  textLength?: number | undefined;
}

const STYLE = `
h3 { margin-top: 1rem; }
dl { display: grid; grid-template-columns: minmax(9rem, max-content) 1fr; gap: .3rem 1.2rem; margin: .75rem 0; }
dt { font-weight: 600; } dd { margin: 0; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); gap: .75rem; }
.pair h4 { margin: 0 0 .3rem; font-size: .9rem; overflow-wrap: anywhere; }
.question { white-space: pre-wrap; max-height: 14rem; overflow-y: auto; overflow-wrap: anywhere; }
mark { background: light-dark(#ffe08a, #6b5300); color: inherit; border-radius: 2px; }
.phrases td:first-child { font-family: ui-monospace, "DejaVu Sans Mono", monospace; }
.phrases td:last-child { min-width: 16rem; overflow-wrap: anywhere; }
@media (max-width: 40rem) { body { padding: .75rem; } dl { grid-template-columns: 1fr; } dd { margin-bottom: .5rem; } }
`;

/**
 * Builds the page of a comparison.
 *
 * @returns pieces of the page
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`
 */
export function comparisonPage(comparison: Comparison, options: ComparisonPageOptions): string[] {
  const checked = expectComparison(comparison, 'comparison');
  const { names, questions, answers } = checked;
  const given = expectOptions(options, 'options', ['encoder', 'note', 'questions', 'textLength']);
  const encoder = expectString(given.encoder, 'encoder');
  const note = given.note === undefined ? '' : expectString(given.note, 'note');
  const shown = expectInteger(given.questions ?? 25, 'questions', 0);
  const textLength = expectInteger(given.textLength ?? 4000, 'textLength', 1);
  const title = `${names[0]} and ${names[1]}`;
  return page(
    `${title}: comparison`,
    [
      `<main>\n<h1>${escapeHtml(title)}</h1>\n`,
      `<p class="soft">A is ${strong(names[0])}, B is ${strong(names[1])}. ${count(questions)} questions that both ` +
        `answered, ${count(answers)} answers of each, embedded with ${escapeHtml(encoder)}.</p>\n`,
      note === '' ? '' : `<p>Note: ${escapeHtml(note)}.</p>\n`,
      checked.sharesLanguage ? '' : `<p>${OTHER_LANGUAGE}</p>\n`,
      '<h2>In short</h2>\n<dl>\n',
      ...describeTest(checked).map(([term, text]) => `<dt>${escapeHtml(term)}</dt><dd>${escapeHtml(text)}</dd>\n`),
      '</dl>\n',
      ...questionParts(checked, shown, textLength),
      '<h2>In which words?</h2>\n',
      '<p class="soft">Phrases of one to three tokens in lower case (↵ is a line break) that occur in more ' +
        'answers of one side, by the log-odds ratio with an informative Dirichlet prior. z is its standard score; A ' +
        'and B are numbers of answers.</p>\n',
      ...checked.phrases.map((phrases, side) => phraseTable(names[side as 0 | 1], phrases)),
      '<h2>What a difference means, and what it does not</h2>\n<ul>\n',
      ...CAVEATS.map((text) => `<li>${text}</li>\n`),
      '</ul>\n</main>\n',
    ],
    STYLE,
  );
}

function questionParts(comparison: Comparison, shown: number, textLength: number): string[] {
  const { names, questionDifferences } = comparison;
  return [
    '<h2>Where?</h2>\n',
    `<p class="soft">${describeOrder(comparison)} The first ${count(Math.min(shown, questionDifferences.length))} of ` +
      `${count(questionDifferences.length)} questions are shown.</p>\n`,
    ...questionDifferences.slice(0, shown).map((difference) => article(names, difference, textLength)),
  ];
}

function article(names: readonly [string, string], difference: QuestionDifference, textLength: number): string {
  const { qid, question, apart, within, excess, p, adjustedP, samples, answers } = difference;
  const figures =
    excess === null || within === null || p === null || adjustedP === null
      ? `${apart.toFixed(3)} apart`
      : `${excess.toFixed(3)} beyond two answers of one side ` +
        `(${apart.toFixed(3)} apart, ${within.toFixed(3)} within), ` +
        `p = ${formatP(p)}, adjusted ${formatP(adjustedP)}, ${samples} answers of each`;
  const cells = answers.map(
    (answer, side) =>
      `<div class="cell"><h4>${'AB'[side]!}: ${escapeHtml(names[side as 0 | 1])}</h4>` +
      `<p dir="auto" tabindex="0">${escapeHtml(cut(answer, textLength))}</p></div>`,
  );
  return (
    `<article>\n<h3>${escapeHtml(qid)}</h3>\n<p class="soft">${figures}</p>\n` +
    `<p class="question" dir="auto" tabindex="0">${escapeHtml(cut(question, textLength))}</p>\n` +
    `<div class="pair">${cells.join('')}</div>\n</article>\n`
  );
}

function phraseTable(name: string, phrases: readonly MarkingPhrase[]): string {
  const heading = `<h3>More in answers of ${escapeHtml(name)}</h3>\n`;
  if (phrases.length === 0) return `${heading}<p>None.</p>\n`;
  const rows = phrases.map(({ phrase, z, answers, example }) => {
    const { before, match, after } = example;
    const shown = `${escapeHtml(before)}<mark>${escapeHtml(match)}</mark>${escapeHtml(after)}`;
    return (
      `<tr><td dir="auto">${escapeHtml(visiblePhrase(phrase))}</td><td class="n">${z.toFixed(1)}</td>` +
      `<td class="n">${count(answers[0])}</td><td class="n">${count(answers[1])}</td>` +
      `<td dir="auto">${shown}</td></tr>\n`
    );
  });
  const head = ['phrase', 'z', 'A', 'B', 'example'].map(
    (cell, i) => `<th scope="col"${i > 0 && i < 4 ? ' class="n"' : ''}>${cell}</th>`,
  );
  return (
    `${heading}<div class="scroll phrases" tabindex="0"><table><thead><tr>${head.join('')}</tr></thead>` +
    `<tbody>\n${rows.join('')}</tbody></table></div>\n`
  );
}

function strong(text: string): string {
  return `<strong>${escapeHtml(text)}</strong>`;
}

function cut(text: string, length: number): string {
  const characters = Array.from(text);
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
