/** A program that answers lines on its standard input with lines on its standard output, as a peer of a benchmark. */
import { type ChildProcess, spawn } from 'node:child_process';

const LF = 10;
const STDERR_TAIL = 4000;

export class LineProgram {
  readonly #child: ChildProcess;
  #stderr = '';

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { env: { ...process.env, OMP_NUM_THREADS: '1' }, stdio: 'pipe' });
    this.#child
      .stderr!.setEncoding('utf8')
      .on('data', (text: string) => (this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL)));
    this.#child.on('error', ({ message }) => (this.#stderr += message));
    this.#child.stdin!.on('error', () => undefined); // The program has ended. The missing answer is reported.
  }

  /** 0 if the program did not start. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Sends lines, each with its line feed, and resolves to the answer once it has `lines` lines. */
  ask(input: string, lines: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const output = this.#child.stdout!;
      const chunks: Buffer[] = [];
      let left = lines;
      const stop = (): void => {
        output.off('data', onData);
        output.off('end', onEnd);
      };
      const onEnd = (): void => {
        stop();
        reject(new Error(`${this.#child.spawnfile} ended: ${this.#stderr.trim()}`));
      };
      const onData = (chunk: Buffer): void => {
        chunks.push(chunk);
        for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, at + 1)) left--;
        if (left > 0) return;
        stop();
        resolve(Buffer.concat(chunks));
      };
      output.on('data', onData).on('end', onEnd);
      this.#child.stdin!.write(input);
    });
  }

  close(): void {
    this.#child.stdin!.end();
  }
}
