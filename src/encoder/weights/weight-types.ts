import { EngineError } from '../../core/errors.js';
import { toFloat16 } from '../../core/float16.js';
import type { StoredTensor, TensorToWrite } from '../formats/safetensors-writer.js';
import { quantizeRows, toBfloat16 } from './weight-rounding.js';

export const WEIGHT_TYPES = ['f32', 'f16', 'bf16', 'int8'] as const;

/**
 * Types in which a checkpoint can store its matrices.
 *
 * @useDeclaredType
 */
export type WeightType = (typeof WEIGHT_TYPES)[number];

/**
 * Returns the name of the tensor with the scales of an int8 matrix. Name and shape, [rows, 1] in float32, follow
 * compressed-tensors, which Transformers and vLLM use.
 */
export function scaleName(matrix: string): string {
  return `${matrix}_scale`;
}

/**
 * Converts tensors to the form in which a checkpoint stores them. Matrices (of affine maps and embedding tables) get
 * `type`. Vectors (biases and layer norms) stay float32, because they are small and scale entire activations.
 *
 * The tensors of the result are computed when they are read. Read the two of an int8 matrix in order.
 */
export function storeTensors(tensors: readonly TensorToWrite[], type: WeightType): StoredTensor[] {
  return tensors.flatMap((tensor): StoredTensor[] =>
    tensor.shape.length === 2 && type !== 'f32' ? storeMatrix(tensor, type) : [tensor],
  );
}

function storeMatrix(tensor: TensorToWrite, type: Exclude<WeightType, 'f32'>): StoredTensor[] {
  const { name, shape } = tensor;
  if (type === 'bf16') return [{ name, shape, dtype: 'BF16', read: () => toBfloat16(readFinite(tensor)) }];
  if (type === 'f16') return [{ name, shape, dtype: 'F16', read: () => toHalves(tensor) }];
  let scales: Float32Array = new Float32Array();
  const readCodes = (): Int8Array => {
    const quantized = quantizeRows(readFinite(tensor), shape[1]!);
    scales = quantized.scales;
    return quantized.codes;
  };
  return [
    { name, shape, dtype: 'I8', read: readCodes },
    { name: scaleName(name), shape: [shape[0]!, 1], read: () => scales },
  ];
}

function toHalves(tensor: TensorToWrite): Uint16Array {
  const halves = toFloat16(readFinite(tensor));
  if (halves.some((bits) => (bits & 0x7c00) === 0x7c00)) {
    throw new EngineError(
      'ERR_DATA',
      `The tensor "${tensor.name}" holds values beyond 65504, the maximum of f16; use bf16`,
    );
  }
  return halves;
}

function readFinite({ name, read }: TensorToWrite): Float32Array {
  const values = read();
  if (!values.every(Number.isFinite))
    throw new EngineError('ERR_DATA', `The tensor "${name}" holds NaN or infinity, which cannot be rounded`);
  return values;
}
