export const EXPORT_FORMATS = ['onnx', 'safetensors'] as const;

/**
 * `'onnx'`: model.onnx; `'safetensors'`: the layout of sentence-transformers.
 *
 * @useDeclaredType
 */
export type ExportFormat = (typeof EXPORT_FORMATS)[number];
