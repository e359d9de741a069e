import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { marked } from 'marked';
import { mermaidFile } from '../emulators/mermaid.ts';

/** Roughly how GitHub sets a comment, so that widths and line breaks are those that readers see. */
const style = `
  body { margin: 0; padding: 24px; background: #fff; font: 14px/1.5 -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; color: #1f2328; }
  .box { width: 850px; border: 1px solid #d1d9e0; border-radius: 6px; }
  .head { background: #f6f8fa; border-bottom: 1px solid #d1d9e0; padding: 8px 16px; border-radius: 6px 6px 0 0; color: #59636e; }
  .head b { color: #1f2328; }
  article { padding: 16px; overflow-wrap: break-word; }
  article > :first-child { margin-top: 0; }
  h2 { padding-bottom: .3em; border-bottom: 1px solid #d1d9e0; font-size: 1.5em; } h3 { font-size: 1.25em; }
  h2, h3 { margin: 24px 0 16px; line-height: 1.25; font-weight: 600; }
  p, blockquote, ul, table, pre, details { margin: 0 0 16px; }
  table { border-collapse: collapse; display: block; width: max-content; max-width: 100%; overflow: auto; }
  th, td { padding: 6px 13px; border: 1px solid #d1d9e0; } th { font-weight: 600; }
  tr:nth-child(2n) { background: #f6f8fa; }
  code { font: 85% ui-monospace, 'DejaVu Sans Mono', monospace; background: #818b981f; padding: .2em .4em; border-radius: 6px; }
  pre { background: #f6f8fa; padding: 16px; overflow: auto; border-radius: 6px; font-size: 85%; line-height: 1.45; }
  pre code { background: none; padding: 0; font-size: 100%; }
  blockquote { padding: 0 1em; color: #59636e; border-left: .25em solid #d1d9e0; }
  a { color: #0969da; text-decoration: none; } summary { cursor: pointer; } sub { font-size: 75%; color: #59636e; }
  .sign { display: inline-block; width: 1.2em; height: 1.2em; line-height: 1.2em; border-radius: .6em; color: #fff; text-align: center; font-size: 85%; font-weight: 700; }
  .mermaid { text-align: center; border: 1px solid #d1d9e0; border-radius: 6px; margin-bottom: 16px; } .mermaid svg { max-width: 100%; }
`;

/** Draws each mermaid block as GitHub's viewer does, in its strict mode; what went wrong goes to window.drawn. */
const draw = `
  mermaid.initialize({ startOnLoad: false, securityLevel: 'strict' });
  window.drawn = (async () => {
    const results = [];
    for (const [at, code] of [...document.querySelectorAll('code.language-mermaid')].entries()) {
      try {
        const { svg } = await mermaid.render('picture' + at, code.textContent);
        const place = document.createElement('div');
        place.className = 'mermaid';
        place.innerHTML = svg;
        code.parentElement.replaceWith(place);
        results.push('drawn');
      } catch (error) { results.push(String(error)); }
    }
    return results;
  })();
`;

/** GitHub shows pictures for these; what fonts have them differs from machine to machine. */
const signs: Record<string, string> = {
  '✅': '✓#1a7f37',
  '⛔': '–#d1242f',
  '❓': '?#9a6700',
  '⚠️': '!#bf8700',
  '⏳': '…#59636e',
  '🧹': '×#59636e',
};

const withSigns = (html: string): string =>
  Object.entries(signs).reduce((all, [sign, drawn]) => {
    const [letter, colour] = drawn.split('#');
    return all.replaceAll(sign, `<span class="sign" style="background:#${colour}" title="${sign}">${letter}</span>`);
  }, html);

/**
 * A page with the comment as it is. Nothing is taken out of the HTML here, as GitHub would: what a comment lets through
 * runs.
 */
export function pageOf(markdown: string): string {
  const html = withSigns(marked.parse(markdown, { gfm: true, async: false }));
  const drawing = html.includes('language-mermaid')
    ? `<script src="/mermaid.js"></script><script>${draw}</script>`
    : '<script>window.drawn = []</script>';
  const head = '<div class="head"><b>github-actions</b> bot commented</div>';
  return `<!doctype html><meta charset="utf-8"><title>comment</title><style>${style}</style>
    <div class="box">${head}<article>${html}</article></div>
    ${drawing}`;
}

export interface CommentSite {
  url: string;
  /** What the page shows from now on. */
  show(markdown: string): void;
  stop(): Promise<void>;
}

export async function openCommentSite(): Promise<CommentSite> {
  const script = readFileSync(mermaidFile());
  let page = '';
  const server = createServer((request, response) => {
    if (request.url === '/mermaid.js') return void response.setHeader('content-type', 'text/javascript').end(script);
    if (request.url === '/favicon.ico') return void response.writeHead(204).end();
    response.setHeader('content-type', 'text/html; charset=utf-8').end(page);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    show: (markdown) => {
      page = pageOf(markdown);
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
