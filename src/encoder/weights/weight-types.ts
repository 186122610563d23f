/** The types that a checkpoint's matrices can be stored in. */
import { EngineError } from '../../core/errors.js';
import { toFloat16 } from '../../core/float16.js';
import type { StoredTensor, TensorToWrite } from '../formats/safetensors-writer.js';
import { quantizeRows, toBfloat16 } from './weight-rounding.js';

export const WEIGHT_TYPES = ['f32', 'f16', 'bf16', 'int8'] as const;
export type WeightType = (typeof WEIGHT_TYPES)[number];

/**
 * Name of the tensor with the steps of an int8 matrix: compressed-tensors, which Transformers and vLLM use,
 * names and shapes it so, [rows, 1] in float32.
 */
export function scaleName(matrix: string): string {
  return `${matrix}_scale`;
}

/**
 * Tensors as a checkpoint stores them: matrices (of affine maps and embedding tables) in `type`; everything with one
 * dimension, biases and layer norms, stays float32, as it is small and scales whole activations.
 *
 * The tensors of the result are made when they are read; those of an int8 matrix must be read in their order.
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
      `The tensor "${tensor.name}" holds numbers beyond 65504, the largest of f16; take bf16`,
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
