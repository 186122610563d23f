import type { AnswerCheck } from '../answer-checks.js';
import type { Project } from '../project.js';
import { answerStage } from './answers.js';
import { backTranslationStage } from './back-translation.js';
import { paraphraseStage } from './paraphrases.js';
import { questionStage } from './questions.js';
import { scenarioStage } from './scenarios.js';
import type { CallStage, StageName } from './stage.js';
import { translationStage } from './translation.js';

/** A stage whose types of records are hidden. */
export type AnyCallStage = CallStage<object, object>;

/** Builds the stages of a project that call models. @param faultsOf needed to make records of answers */
export function callStages(
  project: Project,
  faultsOf: AnswerCheck = () => Promise.resolve([]),
): Record<Exclude<StageName, 'filter'>, AnyCallStage> {
  // Each stage reads the records of the stage before it; the files between them carry no types.
  return {
    scenarios: scenarioStage(project),
    questions: questionStage(project),
    paraphrases: paraphraseStage(project),
    translation: translationStage(project),
    answers: answerStage(project, faultsOf),
    'back-translation': backTranslationStage(project),
  };
}
