import { styleText } from 'node:util';
import { Concealer } from '../conceal.ts';
import { formatProblem, type Problem } from '../errors.ts';
import type { Logger } from '../log.ts';

export interface TerminalStream {
  write(text: string): unknown;
  isTTY?: boolean | undefined;
  columns?: number | undefined;
}

const units: Record<'bytes' | 'samples' | 'steps', (n: number) => string> = {
  bytes: (n) =>
    n < 1e6 ? `${(n / 1e3).toFixed(0)} kB` : n < 1e9 ? `${(n / 1e6).toFixed(1)} MB` : `${(n / 1e9).toFixed(2)} GB`,
  samples: (n) => `${n}`,
  steps: (n) => `${n}`,
};

/** `digits/model.onnx 41.2 MB of 90.3 MB (46 %)` */
export function progressText(label: string, done: number, total: number | undefined, unit: keyof typeof units): string {
  const show = units[unit];
  if (total === undefined || total === 0) return `${label} ${show(done)}`;
  return `${label} ${show(done)} of ${show(total)} (${Math.floor((100 * done) / total)} %)`;
}

/**
 * Words for a terminal, on standard error: a terminal redraws one progress line, a pipe gets a line every 5 seconds.
 * @param verbose show debug lines
 */
export function terminalLogger(
  stream: TerminalStream,
  verbose: boolean,
  now: () => number = Date.now,
  conceal: Concealer = new Concealer(),
): Logger {
  const secrets = new Set<string>();
  const tty = stream.isTTY === true;
  let open = false;
  let last = now();
  const paint = (style: 'bold' | 'yellow' | 'dim', text: string) => (tty ? styleText(style, text) : text);
  const write = (text: string) => {
    let safe = conceal.text(text);
    for (const secret of secrets) safe = safe.replaceAll(secret, '***');
    stream.write(`${open ? '\r\u001b[2K' : ''}${safe}\n`);
    open = false;
  };
  return {
    info: write,
    debug: (message) => verbose && write(paint('dim', message)),
    warn: (message, problem?: Partial<Problem>) =>
      write(paint('yellow', `warning: ${formatProblem({ path: '', message, ...problem })}`)),
    progress: (label, done, total, unit) => {
      const due = now() - last >= (tty ? 100 : 5000);
      if (!due) return;
      last = now();
      const text = progressText(label, done, total, unit);
      if (tty) stream.write(`\r\u001b[2K${text.slice(0, (stream.columns ?? 80) - 1)}`);
      else write(text);
      open = tty;
    },
    group: (title, work) => {
      write(paint('bold', title));
      return work();
    },
    mask: (secret) => {
      if (secret !== '') secrets.add(secret);
    },
  };
}
