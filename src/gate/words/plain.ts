/**
 * Text from a record, safe to print: no control characters, escape sequences, line breaks or direction marks, and not
 * endless. A record may come from anywhere.
 */
export const plain = (text: string, most = 400): string =>
  text
    .slice(0, 4 * most)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the point
    .replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/g, ' ')
    .slice(0, most);
