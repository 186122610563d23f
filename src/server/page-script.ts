/** The browser code of the page at `/`. It adds texts from the server to the page only as text nodes. */
export const PAGE_SCRIPT = String.raw`
'use strict';
const $ = (id) => document.getElementById(id);
const make = (tag, text, className) => {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
};

async function call(method, path, body) {
  const headers = {};
  if ($('key').value) headers.authorization = 'Bearer ' + $('key').value;
  if (body !== undefined) headers['content-type'] = 'application/json';
  const begin = performance.now();
  const response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const answer = await response.json();
  $('raw').textContent = JSON.stringify(answer, null, 2);
  $('status').textContent = response.status + ' in ' + Math.round(performance.now() - begin) + ' ms';
  if (!response.ok) throw new Error(answer.error ? answer.error.message : 'HTTP ' + response.status);
  return answer;
}

function table(head, rows) {
  const element = make('table');
  const top = element.createTHead().insertRow();
  for (const cell of head) top.append(make('th', cell));
  const body = element.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    for (const cell of row) line.insertCell().append(cell instanceof Node ? cell : document.createTextNode(cell));
  }
  return element;
}

function bar(share) {
  const meter = make('meter');
  meter.value = share;
  meter.title = (100 * share).toFixed(1) + ' %';
  return meter;
}

const answers = (neighbours) =>
  table(['distance', 'value id', 'answer'], neighbours.map((n) => {
    const words = make('div');
    words.append(make('div', n.question, 'question'), make('div', n.answer));
    return [n.distance.toFixed(3), n.valueId, words];
  }));

const text = () => ($('question').value ? { question: $('question').value, answer: $('text').value } : $('text').value);

const namesIn = (id) => {
  const names = $(id).value.split(',').map((name) => name.trim()).filter((name) => name !== '');
  return names.length > 0 ? names : undefined;
};
const query = () => {
  const filter = { model: namesIn('models'), lang: namesIn('langs') };
  return { texts: [text()], filter: filter.model || filter.lang ? filter : undefined };
};
const note = ({ matching }) => {
  if (matching === undefined) return [];
  return [make('p', 'The filter matches ' + matching + (matching === 1 ? ' answer.' : ' answers.'))];
};

const ACTIONS = {
  identify: async () => {
    const answer = await call('POST', '/v1/identify', { ...query(), evidence: 5 });
    const { results: [result], k } = answer;
    const ranking = table(
      ['value id', 'votes of ' + k, '', 'mean distance'],
      result.ranking.slice(0, 10).map((r) => [r.valueId, String(r.votes), bar(r.share), r.meanDistance.toFixed(3)]),
    );
    return [...note(answer), ranking, make('h2', 'Nearest answers'), answers(result.evidence)];
  },
  search: async () => {
    const answer = await call('POST', '/v1/search', query());
    return [...note(answer), answers(answer.results[0].neighbours)];
  },
  embed: async () => {
    const { data: [{ embedding }], usage } = await call('POST', '/v1/embeddings', { input: $('text').value });
    const first = embedding.slice(0, 6).map((x) => x.toFixed(4)).join(', ');
    return [make('p', embedding.length + ' entries, ' + usage.total_tokens + ' tokens: ' + first + ', ...')];
  },
};

for (const [name, action] of Object.entries(ACTIONS)) {
  $(name).addEventListener('click', async () => {
    $('result').replaceChildren(make('p', 'Working ...'));
    try {
      $('result').replaceChildren(...(await action()));
    } catch (error) {
      $('result').replaceChildren(make('p', error.message, 'error'));
    }
  });
}

async function listRoutes() {
  const { paths } = await (await fetch('/openapi.json')).json();
  const rows = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { summary }]) => [method.toUpperCase() + ' ' + path, summary || '']),
  );
  $('routes').replaceChildren(table(['route', ''], rows));
}
void listRoutes();
`;
