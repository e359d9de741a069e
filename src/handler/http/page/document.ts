import { createHash } from 'node:crypto';
import type { TensorInfo } from '../../../model/tensor-info.ts';
import type { CardRow } from './model-card.ts';
import { pageScript } from './script.ts';
import { pageStyle } from './style.ts';

export interface PageFacts {
  name: string;
  version: string;
  card: readonly CardRow[];
  inputs: readonly TensorInfo[];
  outputs: readonly TensorInfo[];
  /** What the form starts with. */
  request: unknown;
  /** Whether that is the golden sample. */
  isSample: boolean;
}

const digest = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Allows only this page's own script and style, and requests only to the function that served it. */
export const pagePolicy: string = [
  "default-src 'none'",
  `script-src ${digest(pageScript)}`,
  `style-src ${digest(pageStyle)}`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Inline, so that browsers ask for no other one. */
const icon =
  "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><rect width='16' height='16' rx='4' fill='%232563eb'/><path d='M4 12V6l4-3 4 3v6M8 12V8' fill='none' stroke='white' stroke-width='1.6'/></svg>";

/** The page as HTML. Names come from models, which are hostile until proven otherwise. */
export const renderPage = (facts: PageFacts): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(`${facts.name} ${facts.version}`)}</title>
<link rel="icon" href="${icon}">
<style>${pageStyle}</style>
<header>
<h1>${escapeHtml(facts.name)} <span>${escapeHtml(facts.version)}</span></h1>
<p id="state" role="status">loading the model</p>
</header>
<main>
<section>
<h2><label for="request">Request</label> <code>POST v1/infer</code></h2>
<textarea id="request" spellcheck="false" autocapitalize="off" autocomplete="off"></textarea>
<p class="row"><button id="run">Run</button> <button id="again" class="plain">${facts.isSample ? 'Golden sample' : 'Start again'}</button>
<span class="quiet">or Ctrl + Enter</span></p>
<h2>Answer</h2>
<p id="failure" role="alert" hidden><strong></strong> <span></span></p>
<pre id="answer" tabindex="0" aria-label="Answer">nothing yet</pre>
<p id="took" class="quiet" role="status"></p>
</section>
<section>
<h2>Model card</h2>
<table id="card"></table>
<h2>Tensors</h2>
<table id="tensors"></table>
<h2>This start</h2>
<table id="timings"></table>
<p class="small">Described in <a href="v1/openapi.json">OpenAPI</a>.</p>
</section>
</main>
<script type="application/json" id="facts">${embed(facts)}</script>
<script>${pageScript}</script>
</html>
`;

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

/** JSON that cannot end the element it stands in. */
const embed = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');
