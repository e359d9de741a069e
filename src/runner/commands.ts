/**
 * Makes untrusted text harmless in the log of a step: the runner executes a line that begins with `::`, and `##[`
 * anywhere in one, as a command. Names of files, tensors and branches can hold both.
 */
export function commandFree(text: string): string {
  return text.replace(/(^|[\r\n\u0085\u2028\u2029])([^\S\r\n]*)::/g, '$1$2:\u2060:').replaceAll('##[', '#\u2060#[');
}
