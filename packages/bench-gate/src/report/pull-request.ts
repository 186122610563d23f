/** Writes the report into a comment of a pull request on GitHub, and updates it in place. */
import { BenchError } from '../errors.js';

/** First line of the comment. It finds the comment again. */
const MARKER = '<!-- bench-gate -->';

const PER_PAGE = 100;
const TIMEOUT_MS = 30_000;

export interface PullRequest {
  /** Address of the REST API, for example `https://api.github.com`. */
  api: string;
  /** `owner/name` */
  repository: string;
  number: number;
  /** With the permission `pull-requests: write`. */
  token: string;
}

/**
 * Reads the pull request from the variables of GitHub Actions, or says what is missing.
 *
 * @param read returns the content of a file
 */
export function pullRequestOf(
  env: Readonly<Record<string, string | undefined>>,
  read: (path: string) => string,
): PullRequest | { missing: string } {
  const { GITHUB_TOKEN: token, GITHUB_REPOSITORY: repository, GITHUB_EVENT_PATH: path } = env;
  if (!token) return { missing: 'GITHUB_TOKEN is not set' };
  if (!repository || !path) return { missing: 'GITHUB_REPOSITORY or GITHUB_EVENT_PATH is not set' };
  const { pull_request: pullRequest } = JSON.parse(read(path)) as { pull_request?: { number?: number } };
  if (typeof pullRequest?.number !== 'number') return { missing: 'the event is not one of a pull request' };
  return { api: env['GITHUB_API_URL'] ?? 'https://api.github.com', repository, number: pullRequest.number, token };
}

/**
 * Creates the comment, or replaces the text of the one that an earlier check created.
 *
 * @throws BenchError `ERR_REMOTE` if the server refuses
 */
export async function commentOnPullRequest({
  body,
  signal,
  ...place
}: PullRequest & { body: string; signal?: AbortSignal | undefined }): Promise<'Created' | 'Updated'> {
  const { repository, number } = place;
  const send = (method: string, path: string, text?: string): Promise<unknown> =>
    request({ ...place, method, path: `/repos/${repository}${path}`, text, signal });
  const text = `${MARKER}\n${body}`;
  for (let page = 1; ; page++) {
    const found = await send('GET', `/issues/${number}/comments?per_page=${PER_PAGE}&page=${page}`);
    const comments = found as { id: number; body?: string }[];
    const own = comments.find((comment) => comment.body?.startsWith(MARKER));
    if (own) {
      await send('PATCH', `/issues/comments/${own.id}`, text);
      return 'Updated';
    }
    if (comments.length < PER_PAGE) break;
  }
  await send('POST', `/issues/${number}/comments`, text);
  return 'Created';
}

interface ApiRequest extends PullRequest {
  method: string;
  path: string;
  text: string | undefined;
  signal: AbortSignal | undefined;
}

async function request({ api, token, method, path, text, signal }: ApiRequest): Promise<unknown> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetch(api + path, {
      method,
      headers: {
        accept: 'application/vnd.github+json',
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'x-github-api-version': '2022-11-28',
      },
      body: text === undefined ? null : JSON.stringify({ body: text }),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
  } catch (cause) {
    throw new BenchError('ERR_REMOTE', `${method} ${api}${path} failed: ${String(cause)}`, { cause });
  }
  if (!response.ok) {
    const answer = (await response.text()).slice(0, 300);
    throw new BenchError('ERR_REMOTE', `${method} ${api}${path} was refused: ${response.status} ${answer}`);
  }
  return response.json();
}
