export const repository: string;
export const peersFolder: string;
export function findProgram(name: string): string | undefined;
