/** What a lead is called: its name, else its address; null where nobody knows. */
export function nameOf(lead: { name: string | null; email: string | null }): string | null {
  return lead.name?.trim() || lead.email || null;
}
