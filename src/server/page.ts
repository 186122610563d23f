import { createHash } from 'node:crypto';

import { PAGE_SCRIPT } from './page-script.js';

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin: 0; } h2 { font-size: 1rem; margin: 1.5rem 0 .25rem; }
label { display: block; margin: .75rem 0; font-weight: 600; }
input, textarea { display: block; width: 100%; box-sizing: border-box; font: inherit; padding: .4rem; }
textarea { min-height: 7rem; } input, textarea { font-weight: 400; }
button { font: inherit; padding: .4rem 1.2rem; margin: 0 .5rem 1rem 0; }
table { border-collapse: collapse; width: 100%; } th { text-align: left; font-weight: 600; }
td, th { padding: .3rem .6rem .3rem 0; vertical-align: top; }
td, th { border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
.choice { font-weight: 400; } .choice input { display: inline; width: auto; }
.verdict { font-weight: 600; } .why { white-space: pre-wrap; }
u { text-decoration-color: light-dark(#b00020, #ff8a80); }
meter { width: 8rem; } .question { opacity: .7; } .error { color: light-dark(#b00020, #ff8a80); }
pre { overflow: auto; max-height: 24rem; }
`;

/** A page for trying the service. It loads nothing from elsewhere. */
export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>univar</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<h1>univar</h1>
<p>Whose values does a text express? The nearest answers in a dataset vote, and its classifier gives probabilities.</p>
<label>Question that the text answers (optional) <input id="question" autocomplete="off"></label>
<label>Text <textarea id="text">Everyone should decide that for themselves.</textarea></label>
<label>Only answers of these models (separated by commas) <input id="models" autocomplete="off"></label>
<label>Only answers in these languages <input id="langs" autocomplete="off" placeholder="eng, deu"></label>
<label class="choice"><input type="checkbox" id="why"> Show which phrases speak for and against the value id</label>
<label class="choice"><input type="checkbox" id="together"> Classify paragraphs together, as texts of one author</label>
<button id="identify">Identify</button><button id="search">Search</button><button id="embed">Embed</button>
<span id="status" role="status"></span>
<div id="result" aria-live="polite"></div>
<details><summary>Response of the server</summary><pre id="raw"></pre></details>
<label>API key (if the server requires one) <input id="key" type="password" autocomplete="off"></label>
<h2>Routes</h2>
<div id="routes"></div>
<p><a href="/openapi.json">OpenAPI document</a></p>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;

/** Content-Security-Policy: only the code in the page can run, and it can reach only this server. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `script-src ${sourceHash(PAGE_SCRIPT)}`,
  `style-src ${sourceHash(STYLE)}`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

function sourceHash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
