import { createHash } from 'node:crypto';
import type { TensorInfo } from '../../model/manifest.ts';
import { pageScript } from './script.ts';
import { pageStyle } from './style.ts';

export interface PageFacts {
  name: string;
  version: string;
  sha256: string;
  inputs: readonly TensorInfo[];
  outputs: readonly TensorInfo[];
  /** What the form starts with. */
  request: unknown;
}

const digest = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Only this page's own script and style run, and it talks to nobody but the function that served it. */
export const pagePolicy: string = [
  "default-src 'none'",
  `script-src ${digest(pageScript)}`,
  `style-src ${digest(pageStyle)}`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** The page as HTML. Names come from models, which are hostile until proven otherwise. */
export const renderPage = (facts: PageFacts): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(`${facts.name} ${facts.version}`)}</title>
<style>${pageStyle}</style>
<h1>${escapeHtml(facts.name)} <span>${escapeHtml(facts.version)}</span></h1>
<p class="quiet">sha256 ${escapeHtml(facts.sha256)}</p>
<p id="state" role="status">loading the model</p>
<main>
<section>
<h2><label for="request">Request to v1/infer</label></h2>
<textarea id="request" spellcheck="false"></textarea>
<button id="run">Run</button>
<p id="took" class="quiet" role="status"></p>
<h2>Answer</h2>
<pre id="answer" tabindex="0"></pre>
</section>
<section>
<h2>Tensors</h2>
<table id="tensors"></table>
<h2>This start</h2>
<table id="timings"></table>
</section>
</main>
<script type="application/json" id="facts">${embed(facts)}</script>
<script>${pageScript}</script>
</html>
`;

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

/** JSON that cannot end the element it stands in. */
const embed = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');
