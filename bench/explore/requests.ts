/** The milliseconds of each request that the page makes. */
const REPEATS = 5;

export async function measureRequests(url: string): Promise<{ rows: number; ms: Record<string, number> }> {
  const { rows } = (await (await fetch(`${url}/v1/explore`)).json()) as { rows: number };
  const middle = Math.floor(rows / 2);
  const get = (path: string) => () => fetch(url + path);
  const post = (path: string, body: unknown) => () =>
    fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const search = (words: string): string => `/v1/explore/texts/search?limit=50&q=${encodeURIComponent(words)}`;
  const requests: Record<string, () => Promise<Response>> = {
    description: get('/v1/explore'),
    coordinates: get('/v1/explore/arrays/coordinates'),
    labels: get('/v1/explore/labels'),
    'texts of one answer': get(`/v1/explore/records?rows=${middle}`),
    'texts of 50 answers': get(
      `/v1/explore/records?rows=${Array.from({ length: 50 }, (_, i) => Math.floor((i * rows) / 50)).join(',')}`,
    ),
    'search for a rare word': get(search('zebra')),
    'search for a word': get(search('freedom')),
    'search for a phrase': get(search('"human rights"')),
    'search for a prefix': get(search('gov*')),
    'search for a frequent word': get(search('the')),
    'all matches of a word': get('/v1/explore/texts/rows?q=freedom'),
    'all matches of a frequent word': get('/v1/explore/texts/rows?q=the'),
    'neighbours of an answer': get(`/v1/explore/neighbours?row=${middle}&k=20`),
    'distances of all answers': get(`/v1/explore/distances?row=${middle}`),
    'answers to a question': get(`/v1/explore/question?row=${middle}`),
    'neighbours of a text': post('/v1/search', { texts: ['Freedom of speech matters.'], k: 30 }),
    'identify a text': post('/v1/identify', { texts: ['Freedom of speech matters.'], evidence: 10 }),
  };
  const ms: Record<string, number> = {};
  for (const [name, send] of Object.entries(requests)) {
    const times: number[] = [];
    for (let i = 0; i < REPEATS; i++) {
      const begin = performance.now();
      const response = await send();
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`${name}: HTTP ${response.status}`);
      times.push(performance.now() - begin);
    }
    ms[name] = Math.round(times.sort((a, b) => a - b)[Math.floor(REPEATS / 2)]! * 10) / 10;
  }
  return { rows, ms };
}
