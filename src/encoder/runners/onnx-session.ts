/** The model inside the child process: checks the inputs and outputs of the graph, and runs batches. */

import type { InferenceSession, Tensor, TypedTensor } from 'onnxruntime-node';

import { allocateInt32 } from '../../core/allocate.js';
import { EngineError } from '../../core/errors.js';
import { OPTIONAL_FEATURES } from '../../core/optional-features.js';
import { importOptional } from '../../core/optional-package.js';
import type { PackedTokens } from '../../native/packed-tokens.js';
import type { SessionSettings } from './child-protocol.js';
import { poolPadded } from './pooling.js';

type Runtime = Awaited<ReturnType<typeof importRuntime>>;
type IntegerType = 'int64' | 'int32';

const KNOWN_INPUTS = ['input_ids', 'attention_mask', 'token_type_ids'] as const;
type InputName = (typeof KNOWN_INPUTS)[number];
/** Names that exporters use for the vectors of all tokens. */
const KNOWN_OUTPUTS = ['last_hidden_state', 'token_embeddings'];

export class OnnxSession {
  readonly #runtime: Runtime;
  readonly #session: InferenceSession;
  readonly #settings: SessionSettings;
  readonly #inputs: Map<InputName, IntegerType>;
  readonly #output: string;

  /**
   * @throws EngineError `ERR_NATIVE_LOAD` without ONNX Runtime; `ERR_DATA` if the model is damaged or does not have the
   *   inputs and outputs of a sentence encoder
   */
  static async load(settings: SessionSettings): Promise<OnnxSession> {
    const runtime = await importRuntime();
    try {
      const session = await runtime.InferenceSession.create(settings.modelFile, {
        executionProviders: ['cpu'],
        intraOpNumThreads: settings.threads,
        interOpNumThreads: 1,
        graphOptimizationLevel: 'all',
        // Memory plans are kept for every batch shape ever seen, and there are thousands. With the arena and without
        // plans, the process stays below 240 MB over a long run of MiniLM with varying lengths, and is not slower.
        enableCpuMemArena: true,
        enableMemPattern: false,
        logSeverityLevel: 3,
        extra: {
          session: {
            // Converts int8 weights to float32 once, at loading. Otherwise ONNX Runtime also rounds the inputs of their
            // products to 8 bits: 1.2x faster on VNNI, but cosines to the original fall from 0.9964 to 0.9951.
            disable_quant_qdq: '1',
            // Spinning threads would take CPU time from the tokenizer and from everything else on this machine.
            'intra_op.allow_spinning': '0',
          },
        },
      });
      return new OnnxSession(runtime, session, settings);
    } catch (cause) {
      if (cause instanceof EngineError) throw cause;
      throw classify(cause, 'ERR_DATA', `${settings.modelFile} is not a model that ONNX Runtime can load`);
    }
  }

  private constructor(runtime: Runtime, session: InferenceSession, settings: SessionSettings) {
    this.#runtime = runtime;
    this.#session = session;
    this.#settings = settings;
    this.#inputs = checkInputs(session, settings.modelFile);
    this.#output = chooseOutput(session, settings.modelFile);
  }

  /**
   * @returns [sequences, dim]
   * @throws EngineError `ERR_DATA` if the graph fails or its width is not `dim`, `ERR_NON_FINITE`, `ERR_OUT_OF_MEMORY`
   */
  async run(batch: PackedTokens): Promise<Float32Array> {
    const { modelFile, dim, pooling, normalize } = this.#settings;
    const sequences = batch.offsets.length - 1;
    let longest = 1;
    for (let s = 0; s < sequences; s++) longest = Math.max(longest, batch.offsets[s + 1]! - batch.offsets[s]!);
    let hidden: Tensor | undefined;
    try {
      hidden = (await this.#session.run(this.#feeds(batch, longest), [this.#output]))[this.#output];
    } catch (cause) {
      throw classify(cause, 'ERR_DATA', `${modelFile} failed on ${sequences} texts of up to ${longest} tokens`);
    }
    const shape = [sequences, longest, dim];
    if (!hidden || hidden.type !== 'float32' || hidden.dims.join() !== shape.join()) {
      const actual = hidden ? `${hidden.type} [${hidden.dims.join(', ')}]` : 'nothing';
      throw new EngineError(
        'ERR_DATA',
        `${modelFile}: expected float32 [${shape.join(', ')}] from "${this.#output}", got ${actual}`,
      );
    }
    const embeddings = poolPadded(
      (hidden as TypedTensor<'float32'>).data,
      batch.offsets,
      longest,
      dim,
      pooling,
      normalize,
    );
    hidden.dispose();
    if (!embeddings.every(Number.isFinite)) {
      throw new EngineError(
        'ERR_NON_FINITE',
        `${modelFile} produced NaN or infinity for a batch of ${sequences} texts`,
      );
    }
    return embeddings;
  }

  #feeds({ ids, offsets }: PackedTokens, longest: number): Record<string, Tensor> {
    const sequences = offsets.length - 1;
    const rows: Record<InputName, Int32Array> = {
      input_ids: allocateInt32(sequences * longest, 'the token ids'),
      attention_mask: allocateInt32(sequences * longest, 'the attention mask'),
      token_type_ids: allocateInt32(sequences * longest, 'the token types'),
    };
    for (let s = 0; s < sequences; s++) {
      const sequence = ids.subarray(offsets[s], offsets[s + 1]);
      rows.input_ids.set(sequence, s * longest);
      rows.attention_mask.fill(1, s * longest, s * longest + sequence.length);
    }
    const { Tensor: RuntimeTensor } = this.#runtime;
    const feeds: Record<string, Tensor> = {};
    for (const [name, type] of this.#inputs) {
      const data = rows[name];
      const shape = [sequences, longest];
      feeds[name] =
        type === 'int32'
          ? new RuntimeTensor(type, data, shape)
          : new RuntimeTensor(type, BigInt64Array.from(data, BigInt), shape);
    }
    return feeds;
  }
}

function importRuntime() {
  return importOptional(OPTIONAL_FEATURES.onnx, () => import('onnxruntime-node'));
}

function checkInputs(session: InferenceSession, modelFile: string): Map<InputName, IntegerType> {
  const inputs = new Map<InputName, IntegerType>();
  for (const input of session.inputMetadata) {
    const name = KNOWN_INPUTS.find((known) => known === input.name);
    const type = input.isTensor ? input.type : 'no tensor';
    if (name === undefined || (type !== 'int64' && type !== 'int32')) {
      const known = KNOWN_INPUTS.join(', ');
      throw new EngineError(
        'ERR_DATA',
        `${modelFile}: expected the inputs ${known} of type int64 or int32, got "${input.name}" (${type})`,
      );
    }
    inputs.set(name, type);
  }
  for (const name of ['input_ids', 'attention_mask'] as const) {
    if (!inputs.has(name)) throw new EngineError('ERR_DATA', `${modelFile}: the graph has no input "${name}"`);
  }
  return inputs;
}

function chooseOutput(session: InferenceSession, modelFile: string): string {
  const fitting = session.outputMetadata.filter(
    (output) => output.isTensor && output.type === 'float32' && output.shape.length === 3,
  );
  const output = fitting.find(({ name }) => KNOWN_OUTPUTS.includes(name)) ?? fitting[0];
  if (output) return output.name;
  const actual = session.outputMetadata.map((entry) =>
    entry.isTensor ? `"${entry.name}" (${entry.type} [${entry.shape.join(', ')}])` : `"${entry.name}"`,
  );
  throw new EngineError(
    'ERR_DATA',
    `${modelFile}: expected a float32 output [batch, tokens, dim], got ${actual.join(', ')}`,
  );
}

function classify(cause: unknown, code: 'ERR_DATA', what: string): EngineError {
  const message = messageOf(cause);
  const memory = /bad_alloc|bad allocation|out of memory|failed to allocate|Array buffer allocation failed/i.test(
    message,
  );
  return new EngineError(memory ? 'ERR_OUT_OF_MEMORY' : code, `${what}: ${message}`, { cause });
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
