/**
 * Individual encoder kernels for tests. They block the calling thread. The headers in native/ops document the shapes.
 */
export interface TestKernels {
  attentionForward(operands: {
    offsets: Int32Array;
    heads: number;
    headDim: number;
    qkv: Float32Array;
    o: Float32Array;
    lse: Float32Array;
    o16: Uint16Array;
  }): void;
  attentionBackward(operands: {
    offsets: Int32Array;
    heads: number;
    headDim: number;
    qkv: Float32Array;
    o: Float32Array | Uint16Array;
    lse: Float32Array;
    dO: Float32Array;
    dqkv: Float32Array;
  }): void;
  layerNormForward(operands: {
    rows: number;
    cols: number;
    epsilon: number;
    x: Float32Array;
    residual: Float32Array;
    weight: Float32Array;
    bias: Float32Array;
    sum: Float32Array;
    mean: Float32Array;
    rstd: Float32Array;
    y: Float32Array;
    y16: Uint16Array;
  }): void;
  layerNormBackward(operands: {
    rows: number;
    cols: number;
    dy: Float32Array;
    sum: Float32Array;
    mean: Float32Array;
    rstd: Float32Array;
    weight: Float32Array;
    dsum: Float32Array;
    dsum16: Uint16Array;
    dweight: Float32Array;
    dbias: Float32Array;
  }): void;
  geluForward(operands: { x: Float32Array | Uint16Array; y: Float32Array; y16: Uint16Array }): void;
  geluBackward(operands: {
    x: Float32Array | Uint16Array;
    dy: Float32Array | Uint16Array;
    dx: Float32Array | Uint16Array;
    y: Float32Array | Uint16Array;
  }): void;
  swigluForward(operands: {
    rows: number;
    cols: number;
    pair: Float32Array | Uint16Array;
    y: Float32Array;
    y16: Uint16Array;
  }): void;
  swigluBackward(operands: {
    rows: number;
    cols: number;
    pair: Float32Array | Uint16Array;
    dy: Float32Array | Uint16Array;
    dpair: Float32Array | Uint16Array;
    y: Float32Array | Uint16Array;
  }): void;
  l2NormalizeBackward(operands: {
    rows: number;
    cols: number;
    x: Float32Array;
    dy: Float32Array;
    dx: Float32Array;
  }): void;
  squaredNorm(operands: { x: Float32Array }): number;
  adamw(operands: {
    grad: Float32Array;
    m: Float32Array;
    v: Float32Array;
    w: Float32Array;
    step: number;
    learningRate: number;
    weightDecay: number;
    scale: number;
  }): void;
}
