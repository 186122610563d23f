import { type Command, Option } from 'commander';

import { EXPORT_FORMATS, type ExportFormat } from '../encoder/export/export-formats.js';
import { WEIGHT_TYPES, type WeightType } from '../encoder/weights/weight-types.js';
import type { CliContext } from './context.js';
import { formatBytes } from './format.js';

interface ExportCliOptions {
  to: ExportFormat;
  out: string;
  singleFile?: boolean;
  dtype: WeightType;
  json?: boolean;
}

export function addExportCommand(program: Command, context: CliContext): void {
  program
    .command('export')
    .description('write a BERT or NomicBERT encoder for other libraries, and check that it computes the same vectors')
    .argument('<encoder>', 'encoder folder with model.safetensors, for example a trained one')
    .addOption(
      new Option('--to <format>', 'onnx: model.onnx; safetensors: the layout of sentence-transformers')
        .choices(EXPORT_FORMATS)
        .makeOptionMandatory(),
    )
    .requiredOption('-o, --out <folder>', 'folder to write: a new or empty one, or an earlier export to replace')
    .option('--single-file', 'store the weights in model.onnx instead of model.safetensors beside it')
    .addOption(
      new Option(
        '--dtype <type>',
        'type of the matrices in model.safetensors; int8 has a scale per row; other libraries need f32, f16 or bf16',
      )
        .choices(WEIGHT_TYPES)
        .default('f32'),
    )
    .option('--json', 'print the result as one JSON document')
    .addHelpText(
      'after',
      `
Examples:
  $ univar export runs/values/encoder --to onnx --out values-onnx/
  $ univar export runs/values/encoder --to onnx --single-file --out values-onnx/
  $ univar export models/my-encoder --to safetensors --out my-encoder-f32/
  $ univar export runs/values/encoder --to safetensors --dtype int8 --out values-int8/
`,
    )
    .action((encoder: string, options: ExportCliOptions) => runExport(encoder, options, context));
}

async function runExport(
  encoder: string,
  { to, out, singleFile, dtype, json }: ExportCliOptions,
  context: CliContext,
): Promise<void> {
  const { exportEncoder } = await import('../encoder/export/export-encoder.js');
  const result = await exportEncoder(encoder, out, { to, singleFile, dtype, signal: context.signal });
  if (json) {
    context.printJson({ encoder, out, to, singleFile: singleFile ?? false, dtype, ...result });
    return;
  }
  const backend = to === 'onnx' ? 'ONNX Runtime' : 'the native encoder';
  context.print(
    `Exported ${encoder} to ${out}: ${formatBytes(result.bytes)}.\n` +
      `Checked with ${backend} on ${result.texts} texts: vectors differ by at most ` +
      `${result.difference.toExponential(1)} of their largest entry` +
      `${dtype === 'f32' ? '' : `; smallest cosine ${result.cosine.toFixed(4)}`}.`,
  );
}
