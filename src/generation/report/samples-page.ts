import type { GeneratedRecord } from '../records.js';
import { escapeHtml, page } from './page.js';
import type { Sample } from './samples.js';

/** Questions with the answers of all models beside each other, a row for each language. */
export function samplesPage(
  project: string,
  samples: readonly Sample[],
  nameOf: (language: string) => string,
): string[] {
  return page(`${project}: samples`, [
    `<h1>${escapeHtml(project)}: samples</h1>\n<p class="soft">${samples.length} questions, chosen by their ids. <a href="report.html">Report</a></p>\n`,
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
    return `<h3>${escapeHtml(nameOf(lang))}</h3><p class="soft">${asked}</p>\n<div class="grid">${own.map(cell).join('')}</div>\n`;
  };
  return `<article id="${escapeHtml(qid)}">\n<h2>${escapeHtml(question)}</h2>\n<p class="soft">${escapeHtml(value)}</p>\n${languages.map(row).join('')}</article>\n`;
}

function cell({ model, lang, answer, answerOriginal, faults }: GeneratedRecord): string {
  const tags = faults.map((fault) => ` <span class="tag">${escapeHtml(fault)}</span>`).join('');
  const original =
    answerOriginal === undefined
      ? ''
      : `<details><summary>in the original</summary><p lang="${tagOf(lang)}" dir="auto">${escapeHtml(answerOriginal)}</p></details>`;
  return `<div class="cell"><strong>${escapeHtml(model)}</strong>${tags}<p dir="auto">${escapeHtml(answer)}</p>${original}</div>`;
}

/** The language as HTML has it. */
function tagOf(lang: string): string {
  return /^[a-z]{3}$/.test(lang) ? new Intl.Locale(lang).language : 'und';
}
