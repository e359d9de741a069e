export type Tier = 'unit' | 'embedded' | 'all';
export const lists: Record<'unit' | 'all', string[]>;
export function tierOf(path: string): Tier;
export function testFiles(): string[];
