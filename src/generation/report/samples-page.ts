import { escapeHtml } from '../../core/escape-html.js';
import { page } from '../../plots/html-page.js';
import type { GeneratedRecord } from '../records.js';
import type { Sample } from './samples.js';

/** Builds a page of questions with the answers of all models side by side, one row per language. */
export function samplesPage(
  project: string,
  samples: readonly Sample[],
  nameOf: (language: string) => string,
): string[] {
  return page(`${project}: samples`, [
    `<h1>${escapeHtml(project)}: samples</h1>\n`,
    `<p class="soft">${samples.length} questions, chosen by their ids. <a href="report.html">Report</a></p>\n`,
    ...samples.map((sample) => article(sample, nameOf)),
  ]);
}

function article({ qid, question, value, records }: Sample, nameOf: (language: string) => string): string {
  const languages = [...new Set(records.map(({ lang }) => lang))].sort((a, b) =>
    a === 'eng' ? -1 : b === 'eng' ? 1 : a < b ? -1 : 1,
  );
  const row = (lang: string): string => {
    const own = records.filter((record) => record.lang === lang).sort((a, b) => (a.model < b.model ? -1 : 1));
    const { questionOriginal } = own[0]!;
    const asked =
      questionOriginal === undefined
        ? ''
        : `<span lang="${tagOf(lang)}" dir="auto">${escapeHtml(questionOriginal)}</span>`;
    const heading = `<h3>${escapeHtml(nameOf(lang))}</h3><p class="soft">${asked}</p>`;
    return `${heading}\n<div class="grid">${own.map(cell).join('')}</div>\n`;
  };
  const heading = `<h2>${escapeHtml(question)}</h2>\n<p class="soft">${escapeHtml(value)}</p>`;
  return `<article id="${escapeHtml(qid)}">\n${heading}\n${languages.map(row).join('')}</article>\n`;
}

function cell({ model, lang, answer, answerOriginal, faults }: GeneratedRecord): string {
  const tags = faults.map((fault) => ` <span class="tag">${escapeHtml(fault)}</span>`).join('');
  const original =
    answerOriginal === undefined
      ? ''
      : '<details><summary>original answer</summary>' +
        `<p lang="${tagOf(lang)}" dir="auto">${escapeHtml(answerOriginal)}</p></details>`;
  const text = `<p dir="auto">${escapeHtml(answer)}</p>`;
  return `<div class="cell"><strong>${escapeHtml(model)}</strong>${tags}${text}${original}</div>`;
}

/** Returns the language tag for HTML. */
function tagOf(lang: string): string {
  return /^[a-z]{3}$/.test(lang) ? new Intl.Locale(lang).language : 'und';
}
