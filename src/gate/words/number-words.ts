/** One decimal below 10, none above; never "-0" and no trailing ".0". */
const short = (value: number): string => {
  const text = value.toFixed(Math.abs(value) < 9.95 ? 1 : 0).replace(/\.0$/, '');
  return text === '-0' ? '0' : text;
};

/** 0.31 -> `31 %`. */
export const percent = (fraction: number): string => `${short(fraction * 100)} %`;

/** 0.31 -> `+31 %`, 0 -> `+0 %`. */
export const signedPercent = (fraction: number): string => {
  const text = percent(fraction);
  return text.startsWith('-') ? text : `+${text}`;
};

/** A ratio as a change: 1.31 -> `+31 %`; `?` where there is none. */
export const change = (ratio: number | null): string => (ratio === null ? '?' : signedPercent(ratio - 1));

export const ms = (value: number): string => short(value);

/** 85.2 -> `+85 ms`. */
export const signedMs = (value: number): string => {
  const text = short(value);
  return `${text.startsWith('-') ? '' : '+'}${text} ms`;
};

/** `10 cold starts each`, or `10 and 12 cold starts`. */
export const starts = (n: { candidate: number; baseline: number }): string =>
  n.candidate === n.baseline ? `${n.candidate} cold starts each` : `${n.candidate} and ${n.baseline} cold starts`;
