import type { Sample } from '../../model/sample.ts';
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

/** The golden sample without what it expects back. */
const bodyOf = ({ inputs }: Sample): string => visibleJson({ inputs });

/** How to call it from a terminal, with the very body that proved it; folded where that is long. */
export function curlBlock({ url, sample, manifest }: ModelPreview): string[] {
  if (!url || !URL.canParse(url)) return [];
  const call = (data: string): string[] => [
    `curl -sS ${quoted(new URL('v1/infer', url.endsWith('/') ? url : `${url}/`).href)} \\`,
    `  -H 'content-type: application/json' -d ${data}`,
  ];
  const body = sample && bodyOf(sample);
  if (body === undefined) return fenced('bash', [`curl -sS ${quoted(new URL(url).href)}`]);
  if (body.length <= shortBody) return fenced('bash', call(quoted(body)));
  if (body.length <= longestBody) return folded('Call it', fenced('bash', call(quoted(body))));
  const file = quoted((manifest?.sample ?? 'sample.json').replace(/[^ -~]/g, '?'));
  const [first = '', ...rest] = call('@-');
  return fenced('bash', [`jq '{inputs}' ${file} | ${first}`, ...rest]);
}
