import type { AnswerCheck } from '../answer-checks.js';
import { chatCall } from '../call.js';
import { withoutReasoning } from '../parse-completion.js';
import type { Project } from '../project.js';
import { fillPrompt } from '../prompts.js';
import type { AnswerRecord, Reject, TranslationRecord } from '../records.js';
import { type CallStage, isFailure } from './stage.js';
import { languageNames } from './translation.js';

/** Asks each model the questions in its languages, and finds the faults of the answers. */
export function answerStage(project: Project, faultsOf: AnswerCheck): CallStage<TranslationRecord, AnswerRecord> {
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
        .map((model) =>
          chatCall('answers', model, fillPrompt(prompts.answer, { question: text, language: nameOf(lang) }), {
            ...answers,
            seed,
          }),
        ),
    records: async (translation, outcomes) => {
      const records: AnswerRecord[] = [];
      const rejects: Reject[] = [];
      const checked = await Promise.all(
        outcomes.map(async (outcome) => {
          if (isFailure(outcome)) return outcome;
          const answer = withoutReasoning(outcome.text);
          return { answer, faults: await faultsOf(answer, outcome.finish, translation.lang) };
        }),
      );
      asked(translation.lang).forEach((model, i) => {
        const outcome = checked[i]!;
        const id = `${translation.id} ${translation.lang} ${model.id}`;
        if ('failure' in outcome) return void rejects.push({ id, reason: 'call failed', text: outcome.failure });
        const { answer, faults } = outcome;
        const worst = faults.find((fault) => dropped.has(fault));
        if (worst) rejects.push({ id, reason: worst, text: answer });
        else records.push({ ...translation, model: model.id, answer, faults });
      });
      return { records, rejects };
    },
  };
}
