import { type EncoderToWrite, readKeptTensors, writeEncoderFolder } from '../folder/encoder-folder.js';
import type { TensorToWrite } from '../formats/safetensors-writer.js';
import { type Checkpoint, readSource, shapeOf } from './checkpoint.js';

/** Writes the encoder as it is now to a folder in the Hugging Face layout; it may go on computing meanwhile. */
export async function saveCheckpoint(checkpoint: Checkpoint, target: string): Promise<void> {
  await writeEncoderFolder(target, await takeCheckpoint(checkpoint, [checkpoint.folder]));
}

/**
 * The contents of an encoder folder, with a copy of all parameters that is taken between two jobs: an update must not
 * get in while files are written.
 *
 * @param sources folders of tokenizer and settings
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
    config,
    pooling,
    normalize,
    dim: hidden,
    positions: maxPositions,
    tensors: [...tensors, ...kept],
  };
}
