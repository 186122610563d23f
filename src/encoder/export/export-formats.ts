/** `onnx`: model.onnx; `safetensors`: the layout of sentence-transformers. */
export const EXPORT_FORMATS = ['onnx', 'safetensors'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];
