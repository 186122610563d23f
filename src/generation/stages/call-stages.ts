import type { AnswerCheck } from '../answer-checks.js';
import type { Project } from '../project.js';
import { answerStage } from './answers.js';
import { backTranslationStage } from './back-translation.js';
import { paraphraseStage } from './paraphrases.js';
import { questionStage } from './questions.js';
import { scenarioStage } from './scenarios.js';
import type { CallStage, StageName } from './stage.js';
import { translationStage } from './translation.js';

/** A stage whose records only the stage before it needs to know. */
export type AnyCallStage = CallStage<object, object>;

/** The stages of a project that ask models. @param faultsOf is needed where records of answers are made */
export function callStages(
  project: Project,
  faultsOf: AnswerCheck = () => Promise.resolve([]),
): Record<Exclude<StageName, 'filter'>, AnyCallStage> {
  // Each stage gets what the one before it wrote; the files between them carry no types.
  return {
    scenarios: scenarioStage(project),
    questions: questionStage(project),
    paraphrases: paraphraseStage(project),
    translation: translationStage(project),
    answers: answerStage(project, faultsOf),
    'back-translation': backTranslationStage(project),
  };
}
