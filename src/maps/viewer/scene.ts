/** Draws the points with WebGL: one vertex per point. Filters rewrite a second buffer, which holds the colours. */
import type { Camera } from './camera.js';

/** Visibility of a point, stored as the alpha of its colour. */
export const HIDDEN = 0;
export const DIMMED = 128;
export const SHOWN = 255;

const VERTEX = `
attribute vec2 position;
attribute vec4 colour;
uniform vec2 centre;
uniform vec2 scale;
uniform float size;
uniform float state;
varying vec3 fill;
void main() {
  bool drawn = abs(colour.a * 255.0 - state) < 1.0;
  gl_Position = drawn ? vec4((position - centre) * scale, 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
  gl_PointSize = size;
  fill = colour.rgb;
}`;

const FRAGMENT = `
precision highp float;
uniform float size;
uniform float opacity;
varying vec3 fill;
void main() {
  float distance = length(gl_PointCoord - 0.5) * size;
  float alpha = opacity * clamp(size * 0.5 - distance + 0.25, 0.0, 1.0);
  gl_FragColor = vec4(fill * alpha, alpha);
}`;

export class Scene {
  #program: WebGLProgram | undefined;
  #colourBuffer: WebGLBuffer | undefined;
  #colours: Uint8Array;
  #hasDimmed = false;

  private constructor(
    private readonly gl: WebGLRenderingContext,
    private readonly coordinates: Float32Array,
  ) {
    this.#colours = new Uint8Array(coordinates.length * 2);
    this.#prepare();
  }

  /** Returns undefined if the browser has no WebGL. */
  static create(canvas: HTMLCanvasElement, coordinates: Float32Array, onRestored: () => void): Scene | undefined {
    const gl = canvas.getContext('webgl', { alpha: true, antialias: false, depth: false, premultipliedAlpha: true });
    if (!gl) return undefined;
    const scene = new Scene(gl, coordinates);
    canvas.addEventListener('webglcontextlost', (event) => {
      event.preventDefault(); // otherwise the context is never restored
    });
    canvas.addEventListener('webglcontextrestored', () => {
      scene.#prepare();
      scene.setColours(scene.#colours, scene.#hasDimmed);
      onRestored();
    });
    return scene;
  }

  /**
   * @param colours [points, 4]: red, green, blue and one of HIDDEN, DIMMED, SHOWN
   * @param hasDimmed whether any point is DIMMED. These are drawn below the others in a second pass
   */
  setColours(colours: Uint8Array, hasDimmed: boolean): void {
    const { gl } = this;
    this.#colours = colours;
    this.#hasDimmed = hasDimmed;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#colourBuffer ?? null);
    gl.bufferData(gl.ARRAY_BUFFER, colours, gl.DYNAMIC_DRAW);
  }

  /** @param pixelRatio device pixels per CSS pixel; `size` is in CSS pixels */
  draw(camera: Camera, size: number, opacity: number, pixelRatio: number): void {
    const { gl } = this;
    const program = this.#program;
    if (!program || gl.isContextLost()) return;
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniform2f(gl.getUniformLocation(program, 'centre'), camera.x, camera.y);
    gl.uniform2f(
      gl.getUniformLocation(program, 'scale'),
      (2 * camera.scale) / camera.width,
      (2 * camera.scale) / camera.height,
    );
    gl.uniform1f(gl.getUniformLocation(program, 'size'), size * pixelRatio);
    for (const [state, share] of [
      [DIMMED, 0.12],
      [SHOWN, 1],
    ] as const) {
      if (state === DIMMED && !this.#hasDimmed) continue;
      gl.uniform1f(gl.getUniformLocation(program, 'state'), state);
      gl.uniform1f(gl.getUniformLocation(program, 'opacity'), opacity * share);
      gl.drawArrays(gl.POINTS, 0, this.coordinates.length / 2);
    }
  }

  #prepare(): void {
    const { gl } = this;
    const program = gl.createProgram();
    for (const [type, source] of [
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, FRAGMENT],
    ] as const) {
      const shader = gl.createShader(type);
      if (!shader) return; // the context is lost; it will be restored
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost())
      throw new Error(`WebGL rejected the shaders: ${gl.getProgramInfoLog(program) ?? ''}`);
    gl.useProgram(program);
    this.#program = program;
    this.#attribute(program, 'position', 2, gl.FLOAT);
    gl.bufferData(gl.ARRAY_BUFFER, this.coordinates, gl.STATIC_DRAW);
    this.#colourBuffer = this.#attribute(program, 'colour', 4, gl.UNSIGNED_BYTE);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  #attribute(program: WebGLProgram, name: string, size: number, type: number): WebGLBuffer {
    const { gl } = this;
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    const location = gl.getAttribLocation(program, name);
    gl.enableVertexAttribArray(location);
    gl.vertexAttribPointer(location, size, type, type === gl.UNSIGNED_BYTE, 0, 0);
    return buffer;
  }
}
