import { type EncoderToWrite, readUnusedTensors, writeEncoderFolder } from '../folder/encoder-folder.js';
import type { TensorToWrite } from '../formats/safetensors-writer.js';
import { type Checkpoint, readSource, shapeOf } from './checkpoint.js';

/** Writes the encoder as it is now to a folder in the Hugging Face layout; it may go on computing meanwhile. */
export async function saveCheckpoint(checkpoint: Checkpoint, target: string): Promise<void> {
  await writeEncoderFolder(target, await takeCheckpoint(checkpoint, [checkpoint.folder]));
}

/**
 * What an encoder folder is written from, with a copy of all parameters, taken between two jobs: an update must not get
 * in while files are written.
 *
 * @param sources folders of tokenizer and settings
 */
export async function takeCheckpoint(checkpoint: Checkpoint, sources: readonly string[]): Promise<EncoderToWrite> {
  const { model, config, folder, prefix } = checkpoint;
  const { pooling, normalize, hidden, maxPositions } = model.config;
  const unused = await readUnusedTensors(folder, prefix);
  await model.idle();
  const tensors = checkpoint.sources.map((source): TensorToWrite => {
    const values = readSource(model, source, 'parameters');
    return { name: source.file, shape: shapeOf(model, source), read: () => values };
  });
  return {
    sources,
    config,
    pooling,
    normalize,
    dim: hidden,
    positions: maxPositions,
    tensors: [...tensors, ...unused],
  };
}
