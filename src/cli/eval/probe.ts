import { evaluateDatasetProbe } from '../../evaluation/dataset.js';
import type { CliContext } from '../context.js';
import { formatPercent } from '../format.js';
import type { EvalProbeOptions } from './options.js';
import { commonFigures, describeResult, evaluateAndPrint, evaluationOptions } from './print.js';

const METHOD = 'linear probe';

/** `univar eval probe` */
export async function runEvalProbe(dir: string, options: EvalProbeOptions, context: CliContext): Promise<void> {
  await evaluateAndPrint(dir, options, context, METHOD, async (dataset) => {
    const { epochs } = options;
    const progress = context.progress({ label: 'probe', unit: 'epochs', total: epochs });
    try {
      const result = await evaluateDatasetProbe(dataset, {
        ...evaluationOptions(options, context),
        epochs,
        onEpoch: ({ epoch }) => progress.update(epoch),
      });
      const { accuracyAt, perId } = result;
      // Among as many labels as there are, every answer is right.
      const shown = Object.entries(accuracyAt).filter(([k]) => Number(k) < perId.length);
      const top = shown.map(([k, share]) => `@${k} ${formatPercent(share)}`);
      const encoder = dataset.manifest.encoder.name;
      return {
        entries: [{ name: `${encoder}, ${METHOD}`, result }],
        encoder,
        json: { ...commonFigures(result), accuracyAt, epochs },
        lines: [...describeResult(METHOD, encoder, result), '', `accuracy among the first  ${top.join('  ')}`],
      };
    } finally {
      progress.stop();
    }
  });
}
