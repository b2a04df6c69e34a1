// What is shown of a run when nobody answers any more: how it stood, and not that it goes on.

export interface Lost {
  error: unknown;
  /** When it was last told how the run stood. */
  at: string;
}

/** Undefined while answers come. */
export function lostOf(query: { isError: boolean; error: unknown; dataUpdatedAt: number }): Lost | undefined {
  return query.isError ? { error: query.error, at: new Date(query.dataUpdatedAt).toISOString() } : undefined;
}
