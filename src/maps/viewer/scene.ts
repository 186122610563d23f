/**
 * Draws the points with WebGL: one vertex per point. Filters rewrite the buffer of the colours, and the list of the
 * points to draw: first those of the context in grey, then the others over them.
 */
import type { Camera } from './camera.js';

/** Visibility of a point, stored as the alpha of its colour. */
export const HIDDEN = 0;
export const DIMMED = 128;
export const SHOWN = 255;

/** Opacity of a dimmed point as a share of that of a shown one. */
const DIMMED_SHARE = 0.3;
const BYTES_PER_INDEX = 4;

const VERTEX = `
attribute vec2 position;
attribute vec4 colour;
uniform vec2 centre;
uniform vec2 scale;
uniform float size;
varying vec3 fill;
void main() {
  gl_Position = vec4((position - centre) * scale, 0.0, 1.0);
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

export interface DrawOptions {
  /** Diameter of a point in CSS pixels. */
  size: number;
  opacity: number;
  /** Share of the points to draw, the first ones. */
  share: number;
  /** Device pixels per CSS pixel. */
  pixelRatio: number;
}

export class Scene {
  #program: WebGLProgram | undefined;
  #colourBuffer: WebGLBuffer | undefined;
  #colours: Uint8Array;
  /** Numbers of the points that were dimmed and shown by the last colours. */
  #dimmed = 0;
  #shown = 0;

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
      scene.setColours(scene.#colours);
      onRestored();
    });
    return scene;
  }

  /** @param colours [points, 4]: red, green, blue and one of HIDDEN, DIMMED, SHOWN */
  setColours(colours: Uint8Array): void {
    const { gl } = this;
    const points = colours.length / 4;
    const order = new Uint32Array(points);
    this.#colours = colours;
    this.#dimmed = this.#shown = 0;
    for (let point = 0; point < points; point++) if (colours[4 * point + 3] === DIMMED) order[this.#dimmed++] = point;
    for (let point = 0; point < points; point++)
      if (colours[4 * point + 3] === SHOWN) order[this.#dimmed + this.#shown++] = point;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#colourBuffer ?? null);
    gl.bufferData(gl.ARRAY_BUFFER, colours, gl.DYNAMIC_DRAW);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, order, gl.DYNAMIC_DRAW);
  }

  draw(camera: Camera, { size, opacity, share, pixelRatio }: DrawOptions): void {
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
    for (const [first, all, strength] of [
      [0, this.#dimmed, DIMMED_SHARE],
      [this.#dimmed, this.#shown, 1],
    ] as const) {
      const count = Math.ceil(all * share);
      if (count === 0) continue;
      gl.uniform1f(gl.getUniformLocation(program, 'opacity'), opacity * strength);
      gl.drawElements(gl.POINTS, count, gl.UNSIGNED_INT, first * BYTES_PER_INDEX);
    }
  }

  /** Waits until everything is drawn. */
  finish(): void {
    const { gl } = this;
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4)); // gl.finish() does not wait in browsers
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
    gl.getExtension('OES_element_index_uint'); // for more than 65,536 points; every browser has it
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
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
