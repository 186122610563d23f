import type { Disturbance } from '../disturbance.js';
import type { ChaosLog } from '../log.js';

/** Longest time for a response of a server that is not disturbed. */
const ANSWER_MS = 10_000;

export interface ClientOptions {
  /** Address of the server, or of the network in front of it. */
  url: string;
  key: string;
  disturbs: Disturbance;
  log: ChaosLog;
}

export interface ClientAnswer {
  status: number;
  body: Record<string, unknown>;
}

/**
 * A program that uses the server as documented. The server owes it one of the statuses that it expects; only a fault
 * excuses a request without response.
 */
export class Client {
  constructor(private readonly options: ClientOptions) {}

  /** @returns the response; undefined if a fault prevented one, so it is unknown what the server did */
  async send(
    method: string,
    path: string,
    body: unknown,
    expected: readonly number[],
  ): Promise<ClientAnswer | undefined> {
    const { url, key, disturbs, log } = this.options;
    const isExplained = disturbs.watch();
    const what = `${method} ${path}`;
    try {
      const response = await fetch(url + path, {
        method,
        headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      const answer = { status: response.status, body: (await response.json()) as Record<string, unknown> };
      log.count(`server: ${what} ${answer.status}`);
      // Full disks, too much work, and shutting down.
      const isAllowed = expected.includes(answer.status) || (answer.status === 503 && isExplained());
      log.expect(isAllowed, `${what} was answered with ${answer.status}: ${JSON.stringify(answer.body).slice(0, 300)}`);
      return answer;
    } catch (error) {
      log.count(`server: ${what} without response`);
      const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : '';
      log.expect(isExplained(), `${what} got no response, although nothing was disturbed: ${String(error)}${cause}`);
      return undefined;
    }
  }
}
