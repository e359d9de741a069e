import { isRequestSample, requestOf } from '../../model/sample.ts';
import { fenced, folded } from './markup.ts';
import type { ModelPreview } from './preview.ts';

/** Longer bodies are no line to copy any more. */
const longestBody = 4000;

/** Bodies up to this stand in the open. */
const shortBody = 300;

/** JSON in which every character is visible: no look-alike letters of other scripts, no direction marks. */
const visibleJson = (value: unknown): string =>
  JSON.stringify(value).replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** A word of a POSIX shell that means itself. */
const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** How to call it from a terminal, with the very body that proved it; folded where that is long. */
export function curlBlock({ url, sample, manifest }: ModelPreview): string[] {
  if (!url || !URL.canParse(url)) return [];
  const request = sample && requestOf(sample);
  const path = request?.path.slice(1) ?? 'v1/infer';
  const call = (data: string): string[] => [
    `curl -sS ${quoted(new URL(path, url.endsWith('/') ? url : `${url}/`).href)} \\`,
    `  -H 'content-type: application/json' -d ${data}`,
  ];
  // Without what it expects back.
  const body = request && visibleJson(request.json);
  if (body === undefined) return fenced('bash', [`curl -sS ${quoted(new URL(url).href)}`]);
  if (body.length <= shortBody) return fenced('bash', call(quoted(body)));
  if (body.length <= longestBody) return folded('Call it', fenced('bash', call(quoted(body))));
  const file = quoted((manifest?.sample ?? 'sample.json').replace(/[^ -~]/g, '?'));
  const [first = '', ...rest] = call('@-');
  const part = sample && isRequestSample(sample) ? '.request' : '{inputs}';
  return fenced('bash', [`jq '${part}' ${file} | ${first}`, ...rest]);
}
