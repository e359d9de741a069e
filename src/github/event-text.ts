/** Longer names are cut: GitHub itself allows refs of some hundred characters, and a payload may hold anything. */
const longest = 120;

/** What would change how a line reads: controls, line ends, bidirectional and invisible characters. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu;

const escaped = (character: string): string =>
  [...character].map((c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`).join('');

/** Untrusted text on one line, with invisible characters spelt out. For logs and messages. */
export function shown(text: string): string {
  const whole = [...text];
  const part = whole.length > longest ? `${whole.slice(0, longest).join('')}…` : text;
  return part.replace(unseen, escaped);
}

/**
 * Untrusted text in a Markdown code span, also inside a table: no Markdown, no HTML, no mentions. What could end the
 * span or the cell, or begin a tag, is spelt out, because no escape works in every renderer.
 */
export function codeSpan(text: string): string {
  const spelt = { '`': '\\u{60}', '|': '\\u{7c}', '<': '\\u{3c}', '>': '\\u{3e}', '&': '\\u{26}' } as const;
  const safe = shown(text).replace(/[`|<>&]/g, (c) => spelt[c as keyof typeof spelt]);
  return safe.trim() === '' ? '(empty)' : `\`${safe}\``;
}

/** Text in Markdown as itself, line by line: nothing in it is markup, a link, a mention or a tag. */
export const markdownText = (text: string): string =>
  text
    .split(/\r\n|[\r\n]/)
    .map((line) => [...line].map((c) => (/[\\`*_[\]<>|#~&@!$]/.test(c) ? `&#${c.charCodeAt(0)};` : c)).join(''))
    .map((line) => line.replace(unseen, escaped))
    .join('  \n');
