import { isRefusal } from '../answer-faults.js';
import { translationCall } from '../call.js';
import { parseTranslation } from '../parse-completion.js';
import { ENGLISH, type Project } from '../project.js';
import type { AnswerRecord, GeneratedRecord } from '../records.js';
import { type CallStage, isFailure } from './stage.js';
import { languageNames } from './translation.js';

/**
 * Turns answers into records in English. Both question and answer of a pair in another language are translated back, so
 * that questions carry the same traces of translation as their answers (UniVaR, section 3.2). The call for a question
 * is the same for all models, so it is translated once.
 */
export function backTranslationStage(project: Project): CallStage<AnswerRecord, GeneratedRecord> {
  const { translators, prompts, seed, answers } = project;
  const nameOf = languageNames(project);
  const dropsRefusals = answers.drop.includes('refusal');
  return {
    name: 'back-translation',
    version: 1,
    lanes: [...new Set([...translators.values()].map(({ id }) => id))],
    settings: { dropsRefusals },
    calls: ({ lang, text, answer }, lane) =>
      lang === ENGLISH || (lane !== undefined && translators.get(lang)!.id !== lane)
        ? []
        : [text, answer].map((part) =>
            translationCall('back-translation', translators.get(lang)!, prompts, seed, lang, ENGLISH, part, nameOf),
          ),
    records: (
      { id: qid, group, value, variant, question: source, lang, text, model, answer: original, faults: known },
      outcomes,
    ) => {
      const fail = (reason: string, what: string) => ({
        records: [],
        rejects: [{ id: `${qid} ${lang} ${model}`, reason, text: what }],
      });
      const failure = outcomes.find(isFailure);
      if (failure) return fail('call failed', failure.failure);
      const [question, answer] =
        lang === ENGLISH
          ? [source, original]
          : outcomes.map((outcome) => (isFailure(outcome) ? '' : parseTranslation(outcome.text)));
      if (!question || !answer) return fail('empty translation', original);
      const faults = isRefusal(answer) ? [...known, 'refusal' as const] : known;
      if (dropsRefusals && faults.includes('refusal')) return fail('refusal', answer);
      const originals = lang === ENGLISH ? {} : { questionOriginal: text, answerOriginal: original };
      return {
        records: [{ qid, question, answer, model, lang, group, value, variant, source, ...originals, faults }],
        rejects: [],
      };
    },
  };
}
