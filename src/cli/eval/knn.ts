import { openFit } from '../../datasets/fits/dataset-fit.js';
import { evaluateDatasetFittedKnn, evaluateDatasetKnn } from '../../evaluation/dataset.js';
import type { CliContext } from '../context.js';
import { formatPercent, formatTable } from '../format.js';
import type { EvalKnnOptions } from './options.js';
import { commonFigures, evaluateAndPrint, evaluationOptions } from './print.js';

/** `univar eval knn` */
export async function runEvalKnn(dir: string, options: EvalKnnOptions, context: CliContext): Promise<void> {
  await evaluateAndPrint(dir, options, context, 'kNN', async (dataset) => {
    const { k, sweep } = options;
    const settings = { ...evaluationOptions(options, context), k, ...(sweep && { sweep }) };
    const isFitted = options.fit && (await openFit(dataset)) !== undefined;
    const result = isFitted
      ? await evaluateDatasetFittedKnn(dataset, settings)
      : await evaluateDatasetKnn(dataset, settings);
    const table = formatTable([
      ['k', 'accuracy', 'balanced', 'F1'],
      ...result.sweep.map((point) => [
        String(point.k),
        formatPercent(point.accuracy),
        formatPercent(point.balancedAccuracy),
        point.weightedF1.toFixed(3),
      ]),
    ]);
    return {
      result,
      encoder: isFitted ? 'an encoder fitted on the answers that vote' : dataset.manifest.encoder.name,
      fitted: isFitted,
      json: { ...commonFigures(result), fitted: isFitted, k, ...(sweep && { sweep: result.sweep }) },
      lines: ['', table],
    };
  });
}
