/**
 * The peer of the embedding benchmark: onnxruntime-node with its default options and npm `tokenizers`, in batches of 32
 * texts in input order, padded to the longest, with mean pooling and unit length.
 */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { Tokenizer } from 'tokenizers';

export interface NaiveSetup {
  modelFile: string;
  tokenizerFile: string;
  maxTokens: number;
  threads: number;
}

const BATCH = 32;
let session: InferenceSession;
let tokenizer: Tokenizer;

process.on('message', (message: NaiveSetup | string[]) => {
  void (Array.isArray(message) ? embed(message) : load(message)).then((reply) => process.send?.(reply));
});

async function load({ modelFile, tokenizerFile, maxTokens, threads }: NaiveSetup): Promise<string> {
  session = await InferenceSession.create(modelFile, { intraOpNumThreads: threads, logSeverityLevel: 3 });
  tokenizer = Tokenizer.fromFile(tokenizerFile);
  tokenizer.setTruncation(maxTokens);
  tokenizer.setPadding({});
  return 'loaded';
}

async function embed(texts: string[]): Promise<Float32Array> {
  const parts: Float32Array[] = [];
  for (let begin = 0; begin < texts.length; begin += BATCH) {
    const encodings = await tokenizer.encodeBatch(texts.slice(begin, begin + BATCH));
    const shape = [encodings.length, encodings[0]!.getLength()];
    const tensor = (rows: number[][]): Tensor => new Tensor('int64', BigInt64Array.from(rows.flat(), BigInt), shape);
    const masks = encodings.map((encoding) => encoding.getAttentionMask());
    const outputs = await session.run({
      input_ids: tensor(encodings.map((encoding) => encoding.getIds())),
      attention_mask: tensor(masks),
      token_type_ids: tensor(encodings.map((encoding) => encoding.getTypeIds())),
    });
    const hidden = outputs['last_hidden_state']!;
    parts.push(...masks.map((mask, row) => unitMean(hidden.data as Float32Array, mask, row, hidden.dims[2]!)));
  }
  return Float32Array.from(parts.flatMap((part) => [...part]));
}

function unitMean(hidden: Float32Array, mask: number[], row: number, dim: number): Float32Array {
  const sum = new Float64Array(dim);
  mask.forEach((used, token) => {
    if (used === 1) for (let j = 0; j < dim; j++) sum[j]! += hidden[(row * mask.length + token) * dim + j]!;
  });
  const norm = Math.hypot(...sum);
  return Float32Array.from(sum, (value) => value / norm);
}
