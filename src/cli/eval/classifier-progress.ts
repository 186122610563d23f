import type { ClassifierOptions, ClassifierStage } from '../../evaluation/classifier/evaluate-classifier.js';
import type { StagedProgress } from '../staged-progress.js';

const UNITS: Record<ClassifierStage, string> = {
  fit: 'steps',
  classify: 'labels',
  calibrate: 'folds',
  'leave out': 'fits',
};

/** Shows the stages of an evaluation of the classifier. */
export function showClassifierStages(progress: StagedProgress): NonNullable<ClassifierOptions['onProgress']> {
  return (stage, done, total) => progress.update({ label: stage, unit: UNITS[stage], total }, done);
}
