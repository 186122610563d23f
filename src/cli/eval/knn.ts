import { openFit } from '../../datasets/fits/dataset-fit.js';
import { evaluateDatasetFittedKnn, evaluateDatasetKnn } from '../../evaluation/dataset.js';
import type { CliContext } from '../context.js';
import { formatPercent, formatTable } from '../format.js';
import type { EvalKnnOptions } from './options.js';
import { commonFigures, describeResult, evaluateAndPrint, evaluationOptions } from './print.js';

const METHOD = 'kNN';

/** `univar eval knn` */
export async function runEvalKnn(dir: string, options: EvalKnnOptions, context: CliContext): Promise<void> {
  await evaluateAndPrint(dir, options, context, METHOD, async (dataset) => {
    const { k, sweep } = options;
    const settings = { ...evaluationOptions(options, context), ...(k && { k }), ...(sweep && { sweep }) };
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
    const encoder = isFitted ? 'an encoder fitted on the answers that vote' : dataset.manifest.encoder.name;
    return {
      entries: [{ name: `${encoder}, ${METHOD}`, result }],
      encoder,
      fitted: isFitted,
      json: { ...commonFigures(result), fitted: isFitted, k: result.k, ...(sweep && { sweep: result.sweep }) },
      lines: [...describeResult(METHOD, encoder, result), '', table],
    };
  });
}
