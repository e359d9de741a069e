/** The line that the handler's process writes to stdout once it accepts requests. */
export interface Listening {
  port: number;
  instanceId: string;
}

/** The first such line of what a process has written; it may have written others before, or half of this one. */
export function findListening(output: string): Listening | undefined {
  for (const line of output.split('\n').slice(0, -1)) {
    if (!line.includes('"listening"')) continue;
    try {
      const { event, port, instance_id: instanceId } = JSON.parse(line) as Record<string, unknown>;
      if (event === 'listening' && Number.isSafeInteger(port) && typeof instanceId === 'string') {
        return { port: port as number, instanceId };
      }
    } catch {
      // Some other line that has the word in it.
    }
  }
  return undefined;
}
