// What is asked of the server about models.
import { ask, get, part, post, Problem, wishKey } from '../../api/client.ts';
import type { Model } from '../../api/types.ts';
import type { Activation, Checked, Comparison, VersionDiff, VersionView } from './types.ts';

export const models = () => get<Model[]>('/models');

export interface VersionList {
  versions: VersionView[];
  activations: Activation[];
  /** What a roll-back makes count. */
  before: number | null;
}

/** Null: there is no such model. */
export async function versions(model: string): Promise<VersionList | null> {
  try {
    return await get<VersionList>(`/models/${part(model)}/versions`);
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}

export const version = (model: string, number: number) => get<VersionView>(`/models/${part(model)}/versions/${number}`);
export const diff = (model: string, number: number) => get<VersionDiff>(`/models/${part(model)}/versions/${number}/diff`);
export const check = (document: string) => post<Checked>('/models/check', { document });
export const whatIf = (model: string, document: string) => post<Comparison>(`/models/${part(model)}/what-if`, { document });

/** Keeps a draft; `latest` is the number of the version that its author has seen last. */
export async function saveDraft(document: string, note: string, latest: number): Promise<{ model: string; version: number }> {
  const options = { ifMatch: `"${latest}"`, key: wishKey() };
  return (await ask<{ model: string; version: number }>('POST', '/models', { document, note }, options)).body;
}

export const activate = (model: string, number: number, confirm: string) =>
  post<VersionView>(`/models/${part(model)}/activate`, { version: number, confirm }, { key: wishKey() });
export const shadow = (model: string, number: number) => post<VersionView>(`/models/${part(model)}/shadow`, { version: number }, { key: wishKey() });
export const retire = (model: string, number: number) => post<VersionView>(`/models/${part(model)}/retire`, { version: number }, { key: wishKey() });
export const rollBack = (model: string, confirm: string) => post<VersionView>(`/models/${part(model)}/rollback`, { confirm }, { key: wishKey() });
export const makePrimary = (model: string) => post<void>(`/models/${part(model)}/primary`, undefined, { key: wishKey() });
