import { type EncoderToWrite, readKeptTensors, writeEncoderFolder } from '../folder/encoder-folder.js';
import { OWN_SETTINGS } from '../folder/model-folder.js';
import type { TrainingAnswers } from '../folder/training-answers.js';
import type { TensorToWrite } from '../formats/safetensors-writer.js';
import { type Checkpoint, readSource, shapeOf } from './checkpoint.js';

/**
 * Writes the current state of an encoder to a folder in the Hugging Face layout. The encoder can keep computing.
 *
 * @param answers fingerprints of the answers that it was trained on. @default those in the folder that it came from
 */
export async function saveCheckpoint(checkpoint: Checkpoint, target: string, answers?: TrainingAnswers): Promise<void> {
  await writeEncoderFolder(target, { ...(await takeCheckpoint(checkpoint, [checkpoint.folder])), answers });
}

/**
 * Collects the contents of an encoder folder. Copies all parameters between two jobs, so that no update changes them
 * while the files are written.
 *
 * @param sources folders from which tokenizer and settings are copied
 */
export async function takeCheckpoint(checkpoint: Checkpoint, sources: readonly string[]): Promise<EncoderToWrite> {
  const { model, architecture, native, config, spec, folder, prefix } = checkpoint;
  const { pooling, normalize, hidden, maxPositions } = spec;
  const kept = await readKeptTensors(folder, prefix, native.kept);
  await model.idle();
  const tensors = checkpoint.sources.map((source): TensorToWrite => {
    const values = readSource(model, source, 'parameters');
    return { name: source.file, shape: shapeOf(model, source), read: () => values };
  });
  return {
    modules: architecture.folder.modules,
    sources,
    // Of other weights, another precision may be the right one.
    config: Object.fromEntries(Object.entries(config).filter(([key]) => key !== OWN_SETTINGS)),
    pooling,
    normalize,
    dim: hidden,
    positions: maxPositions,
    tensors: [...tensors, ...kept],
  };
}
