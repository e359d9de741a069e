/** Google's own header, `TRACE/SPAN;o=1` with a decimal span, as the traceparent it stands for; null for anything else. */
export function toTraceparent(header: string | string[] | undefined): string | null {
  const found = /^([0-9a-f]{32})\/(\d{1,20})(?:;o=([01]))?$/.exec(typeof header === 'string' ? header : '');
  if (!found) return null;
  const [, trace, span = '0', sampled = '0'] = found;
  const id = BigInt(span);
  if (id === 0n || id >= 1n << 64n) return null;
  return `00-${trace}-${id.toString(16).padStart(16, '0')}-0${sampled}`;
}
