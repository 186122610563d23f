/** Requests to the server of this page. */

/** @throws Error with the message of the server */
async function request(path: string, init?: RequestInit): Promise<Response> {
  const response = await fetch(path, init);
  if (response.ok) return response;
  const body = (await response.json().catch(() => ({}))) as { error?: { message?: string } };
  throw new Error(body.error?.message ?? `The server answered ${response.status}`);
}

export async function getJson<T>(path: string, parameters: Record<string, string | number> = {}): Promise<T> {
  const response = await request(withParameters(path, parameters));
  return (await response.json()) as T;
}

export async function getBytes(path: string, parameters: Record<string, string | number> = {}): Promise<ArrayBuffer> {
  return (await request(withParameters(path, parameters))).arrayBuffer();
}

export async function post(path: string, body: unknown): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return request(path, { method: 'POST', headers, body: JSON.stringify(body) });
}

export async function postJson<T>(path: string, body: unknown): Promise<T> {
  return (await (await post(path, body)).json()) as T;
}

function withParameters(path: string, parameters: Record<string, string | number>): string {
  const query = new URLSearchParams(Object.entries(parameters).map(([name, value]) => [name, String(value)]));
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}
