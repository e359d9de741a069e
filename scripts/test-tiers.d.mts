export type Tier = 'unit' | 'embedded' | 'all';
export const lists: Record<'unit' | 'all', string[]>;
export const longestFirst: string[];
export function fits(entry: string, path: string): boolean;
export function tierOf(path: string): Tier;
export function testFiles(): string[];
