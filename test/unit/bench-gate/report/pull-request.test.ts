import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, describe, expect, it } from 'vitest';

import { commentOnPullRequest, pullRequestOf } from '../../../../packages/bench-gate/src/report/pull-request.js';

interface Comment {
  id: number;
  body: string;
}

/** GitHub's routes of comments, in memory. */
function startGitHub(comments: Comment[], status = 200) {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const url = new URL(request.url!, 'http://localhost');
      requests.push(`${request.method!} ${url.pathname} ${request.headers.authorization!}`);
      response.statusCode = status;
      if (request.method === 'GET') {
        const page = Number(url.searchParams.get('page'));
        return response.end(JSON.stringify(comments.slice((page - 1) * 100, page * 100)));
      }
      const { body } = JSON.parse(text) as { body: string };
      const found = comments.find(({ id }) => url.pathname.endsWith(`/comments/${id}`));
      if (found) found.body = body;
      else comments.push({ id: comments.length + 1, body });
      response.end('{}');
    });
  });
  return { server, requests };
}

let stop: () => void = () => undefined;
afterEach(() => stop());

async function placeOf(comments: Comment[], status?: number) {
  const { server, requests } = startGitHub(comments, status);
  stop = () => server.close();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const api = `http://localhost:${(server.address() as AddressInfo).port}`;
  return { requests, place: { api, repository: 'o/r', number: 7, token: 'secret' } };
}

describe('commentOnPullRequest', () => {
  it('creates one comment, and updates it although others follow', async () => {
    const comments = Array.from({ length: 100 }, (_, i) => ({ id: i + 1, body: 'hello' }));
    const { place, requests } = await placeOf(comments);
    expect(await commentOnPullRequest({ ...place, body: 'first' })).toBe('Created');
    comments.push({ id: 102, body: 'a question' });
    expect(await commentOnPullRequest({ ...place, body: 'second' })).toBe('Updated');
    expect(comments).toHaveLength(102);
    expect(comments[100]!.body).toBe('<!-- bench-gate -->\nsecond');
    expect(requests.at(-1)).toBe('PATCH /repos/o/r/issues/comments/101 Bearer secret');
  });

  it('says what the server refused', async () => {
    const { place } = await placeOf([], 403);
    await expect(commentOnPullRequest({ ...place, body: '' })).rejects.toMatchObject({
      code: 'ERR_REMOTE',
      message: expect.stringMatching(/^GET .*\/issues\/7\/comments.* was refused: 403/) as string,
    });
  });
});

describe('pullRequestOf', () => {
  const env = { GITHUB_TOKEN: 't', GITHUB_REPOSITORY: 'o/r', GITHUB_EVENT_PATH: '/event' };

  it('reads the variables of GitHub Actions, and says what is missing', () => {
    expect(pullRequestOf(env, () => '{"pull_request":{"number":3}}')).toEqual({
      api: 'https://api.github.com',
      repository: 'o/r',
      number: 3,
      token: 't',
    });
    expect(pullRequestOf(env, () => '{}')).toEqual({ missing: 'the event is not one of a pull request' });
    expect(pullRequestOf({}, () => '')).toEqual({ missing: 'GITHUB_TOKEN is not set' });
  });
});
