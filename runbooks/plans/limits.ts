/** Timeouts are for what has stopped moving, not for what is large: a real restore never comes near. */
export const hours = (count: number): number => count * 3600;
export const minutes = (count: number): number => count * 60;
