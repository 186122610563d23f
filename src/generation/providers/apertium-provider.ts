import { spawn } from 'node:child_process';

import { onAbort } from '../../core/abort.js';
import { type CallResult, type Request, translationResult } from '../call.js';
import type { ApertiumEndpoint } from '../project-types.js';
import { ProviderError } from '../provider-error.js';
import type { Provider } from './provider.js';

/** Translates offline with the `apertium` program. Its language pairs are packages such as apertium-eng-spa. */
export class ApertiumProvider implements Provider {
  constructor(private readonly endpoint: ApertiumEndpoint) {}

  async attempt(request: Request, signal: AbortSignal): Promise<CallResult> {
    if (request.kind !== 'translate') throw new ProviderError('endpoint', 'Apertium can only translate');
    const { from, to, text } = request;
    // -u: no asterisk before unknown words.
    const { code, stdout, stderr } = await this.#run(['-u', `${from}-${to}`], text, signal);
    if (code !== 0) {
      const missing = /is not installed|Mode .* does not exist|not found/i.test(stderr);
      throw new ProviderError(
        missing ? 'endpoint' : 'transient',
        `apertium ${from}-${to}: ${firstLine(stderr) || `exit code ${String(code)}`}`,
      );
    }
    if (stdout.trim() === '' && text.trim() !== '')
      throw new ProviderError('transient', `apertium ${from}-${to} returned nothing: ${firstLine(stderr)}`);
    const translated = stdout.replace(/ {2,}/g, ' ').trim();
    return translationResult(text, translated);
  }

  #run(
    args: readonly string[],
    stdin: string,
    signal: AbortSignal,
  ): Promise<{ code: number | null; stdout: string; stderr: string }> {
    return new Promise((resolve, reject) => {
      // Runs through cat because the script opens /dev/stdin by name, which fails for the sockets that Node uses as
      // pipes. Runs in its own process group because all processes of the pipeline must end.
      const child = spawn('sh', ['-c', 'cat | "$0" "$@"', this.endpoint.command, ...args], {
        stdio: 'pipe',
        detached: true,
      });
      const stop = (): void => {
        try {
          if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
        } catch {
          // It has already ended.
        }
      };
      const forget = onAbort(signal, stop);
      let stdout = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      child.stdin.on('error', () => undefined); // The program may end without reading its input.
      child.once('error', (cause) => {
        forget();
        reject(new ProviderError('endpoint', `cannot start ${this.endpoint.command}: ${cause.message}`, { cause }));
      });
      child.once('close', (code) => {
        forget();
        if (signal.aborted) reject(new ProviderError('transient', 'ended'));
        else resolve({ code, stdout, stderr });
      });
      child.stdin.end(stdin);
    });
  }
}

/** The other lines of a message list all pairs. */
function firstLine(text: string): string {
  return text.trim().split('\n')[0]!.slice(0, 300);
}
