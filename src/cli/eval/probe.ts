import { evaluateDatasetProbe } from '../../evaluation/dataset.js';
import type { CliContext } from '../context.js';
import { formatPercent } from '../format.js';
import type { EvalProbeOptions } from './options.js';
import { commonFigures, evaluateAndPrint, evaluationOptions } from './print.js';

/** `univar eval probe` */
export async function runEvalProbe(dir: string, options: EvalProbeOptions, context: CliContext): Promise<void> {
  await evaluateAndPrint(dir, options, context, 'linear probe', async (dataset) => {
    const { epochs } = options;
    const progress = context.progress({ label: 'probe', unit: 'epochs', total: epochs });
    try {
      const result = await evaluateDatasetProbe(dataset, {
        ...evaluationOptions(options, context),
        epochs,
        onEpoch: ({ epoch }) => progress.update(epoch),
      });
      const { accuracyAt } = result;
      const top = Object.entries(accuracyAt).map(([k, share]) => `@${k} ${formatPercent(share)}`);
      return {
        result,
        encoder: dataset.manifest.encoder.name,
        json: { ...commonFigures(result), accuracyAt, epochs },
        lines: ['', `accuracy among the first  ${top.join('  ')}`],
      };
    } finally {
      progress.stop();
    }
  });
}
