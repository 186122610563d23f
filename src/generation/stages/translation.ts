import { type Call, translationCall } from '../call.js';
import { parseTranslation } from '../parse-completion.js';
import { ENGLISH, type Project } from '../project.js';
import type { PhrasingRecord, Reject, TranslationRecord } from '../records.js';
import { type CallStage, isFailure } from './stage.js';

/** Translates each question into each language in which any model is asked. */
export function translationStage(project: Project): CallStage<PhrasingRecord, TranslationRecord> {
  const { languages, translators, prompts, seed } = project;
  const nameOf = languageNames(project);
  const foreign = languages.filter((language) => language !== ENGLISH);
  const callFor = (language: string, question: string): Call =>
    translationCall('translation', translators.get(language)!, prompts, seed, ENGLISH, language, question, nameOf);
  return {
    name: 'translation',
    version: 1,
    lanes: [...new Set(foreign.map((language) => translators.get(language)!.id))],
    settings: { languages },
    calls: ({ question }, lane) =>
      foreign
        .filter((language) => lane === undefined || translators.get(language)!.id === lane)
        .map((language) => callFor(language, question)),
    records: (phrasing, outcomes) => {
      const records: TranslationRecord[] = languages.includes(ENGLISH)
        ? [{ ...phrasing, lang: ENGLISH, text: phrasing.question }]
        : [];
      const rejects: Reject[] = [];
      foreign.forEach((lang, i) => {
        const outcome = outcomes[i]!;
        const id = `${phrasing.id} ${lang}`;
        if (isFailure(outcome)) return void rejects.push({ id, reason: 'call failed', text: outcome.failure });
        const text = parseTranslation(outcome.text);
        if (outcome.finish === 'length') rejects.push({ id, reason: 'cut off', text });
        else if (text === '') rejects.push({ id, reason: 'empty', text: phrasing.question });
        else records.push({ ...phrasing, lang, text });
      });
      return { records, rejects };
    },
  };
}

/** Returns English names of languages, for prompts. */
export function languageNames({ languageTable }: Pick<Project, 'languageTable'>): (language: string) => string {
  return (language) => languageTable.get(language)?.name ?? language;
}
