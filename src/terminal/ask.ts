import { createInterface } from 'node:readline/promises';

/** One question, and what an empty answer means. */
export type Ask = (question: string, fallback?: string) => Promise<string>;

/** Asks on a terminal; undefined where input or output is none, as in a script or on a runner. */
export function asker(input: NodeJS.ReadStream, output: NodeJS.WriteStream): Ask | undefined {
  if (!input.isTTY || !output.isTTY) return undefined;
  return async (question, fallback) => {
    const lines = createInterface({ input, output });
    try {
      const answer = await lines.question(`${question}${fallback === undefined ? '' : ` [${fallback}]`} `);
      return answer.trim() || (fallback ?? '');
    } finally {
      lines.close();
    }
  };
}
