export type Level = 'info' | 'warn' | 'error';

/** Writes one structured line about something that is not a request: a swap, a refused version. */
export type Note = (level: Level, event: string, facts: Record<string, unknown>) => void;
