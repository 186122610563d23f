import { spawn } from 'node:child_process';

import { onAbort } from '../../core/abort.js';
import { type CallResult, estimateTokens, type Request } from '../call.js';
import type { Endpoint } from '../project-schema.js';
import { ProviderError } from '../provider-error.js';
import type { Provider } from './provider.js';

/** Translation by the `apertium` program, offline; its pairs are packages such as apertium-eng-spa. */
export class ApertiumProvider implements Provider {
  constructor(private readonly endpoint: Extract<Endpoint, { kind: 'apertium' }>) {}

  async attempt(request: Request, signal: AbortSignal): Promise<CallResult> {
    if (request.kind !== 'translate') throw new ProviderError('endpoint', 'Apertium translates only');
    const { from, to, text } = request;
    // -u: no asterisk before words that it does not know.
    const { code, stdout, stderr } = await this.#run(['-u', `${from}-${to}`], text, signal);
    if (code !== 0) {
      const missing = /is not installed|Mode .* does not exist|not found/i.test(stderr);
      throw new ProviderError(
        missing ? 'endpoint' : 'transient',
        `apertium ${from}-${to}: ${firstLine(stderr) || `exit code ${String(code)}`}`,
      );
    }
    if (stdout.trim() === '' && text.trim() !== '')
      throw new ProviderError('transient', `apertium ${from}-${to} gave nothing: ${firstLine(stderr)}`);
    const translated = stdout.replace(/ {2,}/g, ' ').trim();
    return {
      text: translated,
      finish: 'stop',
      promptTokens: estimateTokens(text),
      completionTokens: estimateTokens(translated),
      estimated: true,
    };
  }

  #run(
    args: readonly string[],
    stdin: string,
    signal: AbortSignal,
  ): Promise<{ code: number | null; stdout: string; stderr: string }> {
    return new Promise((resolve, reject) => {
      // Through cat, because the script opens /dev/stdin by name, which cannot be done with the sockets that Node has
      // for pipes. A group of its own, because a whole pipeline has to end.
      const child = spawn('sh', ['-c', 'cat | "$0" "$@"', this.endpoint.command, ...args], {
        stdio: 'pipe',
        detached: true,
      });
      const stop = (): void => {
        try {
          if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
        } catch {
          // It has ended by itself.
        }
      };
      const forget = onAbort(signal, stop);
      let stdout = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      child.stdin.on('error', () => undefined); // it may end without reading
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

/** The rest of a message lists all pairs. */
function firstLine(text: string): string {
  return text.trim().split('\n')[0]!.slice(0, 300);
}
