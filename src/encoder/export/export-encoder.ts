/** Exports an encoder in formats that other libraries can read, and checks the result before it appears. */
import { open, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { EngineError } from '../../core/errors.js';
import { withFileErrors } from '../../core/file-errors.js';
import { replaceFolder } from '../../core/replace-folder.js';
import { expectOneOf, expectOptions, expectPath, fail } from '../../core/validate.js';
import type { CallOptions } from '../../native/call.js';
import type { EncoderBackend } from '../encoder.js';
import { ENCODER_FILES, type EncoderToWrite, writeSettings } from '../folder/encoder-folder.js';
import { encodeOnnx, type OnnxTensor, type TensorData } from '../formats/onnx-writer.js';
import { SafetensorsFile } from '../formats/safetensors.js';
import { writeSafetensors } from '../formats/safetensors-writer.js';
import { loadEncoder } from '../load-encoder.js';
import { isNgramFolder } from '../ngrams/ngram-folder.js';
import { planTransformer } from '../plan-transformer.js';
import { readStaticFolder } from '../static/static-folder.js';
import { type Checkpoint, loadCheckpoint } from '../weights/checkpoint.js';
import { takeCheckpoint } from '../weights/save-checkpoint.js';
import { storeTensors, WEIGHT_TYPES, type WeightType } from '../weights/weight-types.js';
import { EXPORT_FORMATS, type ExportFormat } from './export-formats.js';

/** Options of `exportEncoder`. */
export interface ExportOptions extends Pick<CallOptions, 'signal'> {
  to: ExportFormat;
  /** Puts the weights into model.onnx instead of a model.safetensors beside it. @default false */
  singleFile?: boolean | undefined;
  /** Type to which the matrices of model.safetensors are rounded. ONNX graphs are always float32. @default 'f32' */
  dtype?: WeightType | undefined;
}

/** What `exportEncoder` wrote. */
export interface ExportResult {
  /** Total size of the model files in bytes. */
  bytes: number;
  /** Largest difference between vectors of the source and of the export, relative to the largest entry. */
  difference: number;
  /** Smallest cosine between a vector of the source and that of the export for the same text. */
  cosine: number;
  /** Number of texts that were compared. */
  texts: number;
}

type Agreement = Pick<ExportResult, 'difference' | 'cosine'>;

/** Relative to the largest entry. Float32 sums in a different order differ by about 1e-6. */
const TOLERANCE = 1e-4;
/** Smallest accepted cosine with rounded weights: far below actual values, far above those of mixed-up weights. */
const LEAST_COSINE: Record<Exclude<WeightType, 'f32'>, number> = { f16: 0.999, bf16: 0.99, int8: 0.9 };
/** Size limit of a protobuf message. */
const MAX_PROTOBUF_BYTES = 2 ** 31 - 1;

/** Texts of several lengths, so that some are padded. This reveals a graph that reads padding. */
const TEXTS = [
  '',
  'Q: Is it wrong to lie? A: Usually.',
  'Tradition binds us.',
  `Freedom ${'and order '.repeat(30)}`,
  'Was sollen wir tun? 我们该怎么办？',
];

/**
 * Exports an encoder folder that the native backend supports. The target appears once its vectors have been found equal
 * to those of the source, or close to them if weights are rounded.
 *
 * @param target folder that is missing, empty, or holds an earlier export, which is replaced
 * @throws EngineError `ERR_DATA` like `loadEncoder` for the source, and if the target holds something else; `ERR_IO`,
 *   `ERR_ABORTED`; `ERR_NATIVE_LOAD` if ONNX Runtime is needed but not installed; `ERR_INTERNAL` if the vectors differ
 */
export async function exportEncoder(source: string, target: string, options: ExportOptions): Promise<ExportResult> {
  expectPath(source, 'source');
  expectPath(target, 'target');
  const given = expectOptions(options, 'options', ['to', 'singleFile', 'dtype', 'signal']) as Partial<ExportOptions>;
  const to = expectOneOf(given.to, 'to', EXPORT_FORMATS);
  const dtype = expectOneOf(given.dtype ?? 'f32', 'dtype', WEIGHT_TYPES);
  const { singleFile = false, signal } = given;
  if (singleFile && to !== 'onnx') fail('ERR_ARG_RANGE', 'false unless "to" is onnx,', 'singleFile', singleFile);
  if (dtype !== 'f32' && to !== 'safetensors') fail('ERR_ARG_RANGE', 'f32 unless "to" is safetensors,', 'dtype', dtype);
  if (await isNgramFolder(source))
    throw new EngineError('ERR_DATA', `${source} holds an n-gram encoder; only transformers can be exported`);
  if (await readStaticFolder(source))
    throw new EngineError('ERR_DATA', `${source} holds static embeddings; only transformers can be exported`);
  const { model: folder } = await planTransformer(source, { backend: 'native' });
  const checkpoint = await loadCheckpoint(folder.moduleFolder, folder, 'f32', folder.architecture);
  try {
    const encoder = await takeCheckpoint(checkpoint, [folder.moduleFolder, resolve(source)]);
    let result: ExportResult | undefined;
    await replaceFolder(target, ENCODER_FILES, async (written) => {
      await writeSettings(written, encoder);
      const files =
        to === 'safetensors'
          ? ['model.safetensors']
          : singleFile
            ? ['model.onnx']
            : ['model.safetensors', 'model.onnx'];
      if (!singleFile) await writeSafetensors(join(written, 'model.safetensors'), storeTensors(encoder.tensors, dtype));
      if (to === 'onnx') await writeGraph(written, checkpoint, encoder, singleFile);
      const sizes = await Promise.all(files.map(async (file) => (await stat(join(written, file))).size));
      const agreement = await compare(source, written, to === 'onnx' ? 'onnx' : 'native', signal);
      expectAgreement(source, agreement, dtype);
      result = { bytes: sizes.reduce((sum, size) => sum + size), ...agreement, texts: TEXTS.length };
    });
    return result!;
  } finally {
    await checkpoint.model.dispose();
  }
}

async function writeGraph(
  folder: string,
  { layout, spec }: Checkpoint,
  { tensors }: EncoderToWrite,
  singleFile: boolean,
): Promise<void> {
  const weights = new Map<string, OnnxTensor>();
  const add = (name: string, dims: readonly number[], data: TensorData): void =>
    void weights.set(name, { name, type: 'float', dims, data });
  if (singleFile) {
    const bytes = tensors.reduce((sum, { shape }) => sum + 4 * shape.reduce((product, size) => product * size, 1), 0);
    if (bytes > MAX_PROTOBUF_BYTES)
      throw new EngineError(
        'ERR_DATA',
        `${bytes} bytes of weights do not fit into a single ONNX file; keep them in model.safetensors`,
      );
    for (const { name, shape, read } of tensors) add(name, shape, read());
  } else {
    const file = await SafetensorsFile.open(join(folder, 'model.safetensors'));
    for (const { name, shape } of tensors) add(name, shape, { location: 'model.safetensors', ...file.location(name) });
    await file.close();
  }
  const path = join(folder, 'model.onnx');
  await withFileErrors(`write ${path}`, async () => {
    const handle = await open(path, 'w');
    try {
      for (const piece of encodeOnnx(layout.graph(spec, weights))) await handle.writeFile(piece);
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
}

/** Compares the vectors of two folders; `backend` computes those of the second. */
async function compare(
  source: string,
  written: string,
  backend: EncoderBackend,
  signal: AbortSignal | undefined,
): Promise<Agreement> {
  const [expected, actual] = await Promise.all([embed(source, 'native', signal), embed(written, backend, signal)]);
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const difference =
    expected.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i]!)), 0) / (largest || 1);
  const dim = expected.length / TEXTS.length;
  const cosines = TEXTS.map((_, i) =>
    cosine(expected.subarray(i * dim, (i + 1) * dim), actual.subarray(i * dim, (i + 1) * dim)),
  );
  return { difference, cosine: Math.min(...cosines) };
}

function cosine(x: Float32Array, y: Float32Array): number {
  const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
}

function expectAgreement(source: string, { difference, cosine }: Agreement, dtype: WeightType): void {
  if (dtype === 'f32' ? difference <= TOLERANCE : cosine >= LEAST_COSINE[dtype]) return;
  const found = dtype === 'f32' ? `they differ by ${difference}` : `the smallest cosine is ${cosine}`;
  throw new EngineError(
    'ERR_INTERNAL',
    `The exported encoder does not give the same vectors as ${source}: ${found}. Nothing was written`,
  );
}

async function embed(folder: string, backend: EncoderBackend, signal: AbortSignal | undefined): Promise<Float32Array> {
  const encoder = await loadEncoder(folder, { backend, precision: 'f32' });
  try {
    return (await encoder.encode(TEXTS, { signal })).embeddings;
  } finally {
    await encoder.dispose();
  }
}
