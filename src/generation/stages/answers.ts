import { answerFaults } from '../answer-faults.js';
import { chatCall } from '../call.js';
import type { LanguageCheck } from '../language-check.js';
import { withoutReasoning } from '../parse-completion.js';
import type { Project } from '../project.js';
import { fillPrompt } from '../prompts.js';
import type { AnswerRecord, Reject, TranslationRecord } from '../records.js';
import { languageNames } from './translation.js';
import { isFailure, type CallStage } from './stage.js';

/** Questions in a language to the answers of each model that supports it. What is wrong with an answer is noted here. */
export function answerStage(project: Project, isLanguage: LanguageCheck): CallStage<TranslationRecord, AnswerRecord> {
  const { models, prompts, seed, answers } = project;
  const nameOf = languageNames(project);
  const asked = (language: string) => models.filter((model) => model.languages.includes(language));
  const dropped = new Set(answers.drop);
  return {
    name: 'answers',
    version: 1,
    lanes: models.map(({ id }) => id),
    settings: { answers, models: models.map(({ id, languages }) => ({ id, languages })) },
    calls: ({ lang, text }, lane) =>
      asked(lang)
        .filter(({ id }) => lane === undefined || id === lane)
        .map((model) => chatCall('answers', model, fillPrompt(prompts.answer, { question: text, language: nameOf(lang) }), { ...answers, seed })),
    records: (translation, outcomes) => {
      const records: AnswerRecord[] = [];
      const rejects: Reject[] = [];
      asked(translation.lang).forEach((model, i) => {
        const outcome = outcomes[i]!;
        const id = `${translation.id} ${translation.lang} ${model.id}`;
        if (isFailure(outcome)) return void rejects.push({ id, reason: 'call failed', text: outcome.failure });
        const answer = withoutReasoning(outcome.text);
        const faults = answerFaults(answer, outcome.finish, translation.lang, isLanguage);
        const worst = faults.find((fault) => dropped.has(fault));
        if (worst) rejects.push({ id, reason: worst, text: answer });
        else records.push({ ...translation, model: model.id, answer, faults });
      });
      return { records, rejects };
    },
  };
}
