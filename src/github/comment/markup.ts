import { text } from '../../gate/words/markdown.ts';

/** A link that shows its own address; code where it is no web address. */
export function link(url: string, label?: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !/^https?:$/.test(parsed.protocol) || parsed.username || parsed.password) return text(url);
  const safe = parsed.href.replace(/[()<>|\\`*_[\]]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return `[${text(label ?? parsed.href)}](${safe})`;
}

/** A block of code that nothing in it can end. */
export function fenced(language: string, lines: readonly string[]): string[] {
  const longest = Math.max(2, ...lines.flatMap((line) => [...line.matchAll(/`+/g)].map(([run]) => run.length)));
  const fence = '`'.repeat(longest + 1);
  return [`${fence}${language}`, ...lines, fence];
}

/** Folded away under a title, which is HTML already. */
export const folded = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`<details><summary>${title}</summary>`, '', ...lines, '', '</details>'];

/** Blocks with an empty line between, without the empty ones. */
export const joined = (blocks: readonly (readonly string[])[]): string =>
  `${blocks
    .filter((block) => block.some((line) => line !== ''))
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`;
