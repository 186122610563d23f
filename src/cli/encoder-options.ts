import { type Command, Option } from 'commander';

import type { Encoder, EncoderBackend } from '../encoder/encoder.js';
import { type EncoderPrecision, PRECISIONS } from '../native/precisions.js';

export interface EncoderCliOptions {
  backend?: EncoderBackend | 'auto';
  precision?: EncoderPrecision;
}

/**
 * Adds `--backend` and `--precision`.
 *
 * @param otherwise descriptions of their defaults
 */
export function addEncoderOptions(command: Command, otherwise: { backend: string; precision: string }): Command {
  return command
    .addOption(
      new Option(
        '--backend <backend>',
        `native: the addon, for BERT and NomicBERT; onnx: ONNX Runtime (default: ${otherwise.backend})`,
      ).choices(['auto', 'native', 'onnx']),
    )
    .addOption(
      new Option(
        '--precision <precision>',
        `precision of the encoder's matrix products; onnx supports only f32 (default: ${otherwise.precision})`,
      ).choices(PRECISIONS),
    );
}

/** Describes an encoder in messages, for example `all-MiniLM-L6-v2 (native, f32)`. */
export function describeEncoder({ name, backend, precision }: Pick<Encoder, 'name' | 'backend' | 'precision'>): string {
  return `${name} (${backend}, ${precision})`;
}
