/** Which screen is at which address. Each is a file of its own that browsers load when it is first shown. */
import type { Component } from 'svelte';
import { match } from '../router.svelte.ts';
import type { Scope } from '../api/types.ts';

/** What a screen is given: the parts of its address. */
export type Parts = Record<string, string>;

export interface Screen {
  path: string;
  load: () => Promise<{ default: Component<{ parts: Parts }> | Component<Record<string, never>> }>;
  /** The entry of the navigation that it belongs to. */
  entry?: Entry['key'];
}

export interface Entry {
  key: 'leads' | 'companies' | 'models' | 'imports' | 'settings';
  path: string;
  /** Without this right the entry is not shown. */
  needs?: Scope;
}

export const entries: Entry[] = [
  { key: 'leads', path: '/' },
  { key: 'companies', path: '/companies' },
  { key: 'models', path: '/models', needs: 'models:read' },
  { key: 'imports', path: '/imports', needs: 'imports:write' },
  { key: 'settings', path: '/settings' },
];

const screens: Screen[] = [
  { path: '/login', load: () => import('./login/Login.svelte') },
  { path: '/setup', load: () => import('./login/SetUp.svelte') },
  { path: '/invitation', load: () => import('./login/Invitation.svelte') },
  { path: '/reset', load: () => import('./login/Reset.svelte') },
  { path: '/', entry: 'leads', load: () => import('./list/List.svelte') },
  { path: '/leads/:id', entry: 'leads', load: () => import('./lead/Lead.svelte') },
  { path: '/companies', entry: 'companies', load: () => import('./companies/Companies.svelte') },
  { path: '/models', entry: 'models', load: () => import('./models/Models.svelte') },
  { path: '/models/:name', entry: 'models', load: () => import('./models/Model.svelte') },
  { path: '/imports', entry: 'imports', load: () => import('./imports/Imports.svelte') },
  { path: '/imports/:id', entry: 'imports', load: () => import('./imports/Import.svelte') },
  { path: '/settings', entry: 'settings', load: () => import('./settings/Settings.svelte') },
  { path: '/settings/:part', entry: 'settings', load: () => import('./settings/Settings.svelte') },
];

export function screenAt(path: string): { screen: Screen; parts: Parts } | null {
  for (const screen of screens) {
    const parts = match(screen.path, path);
    if (parts) return { screen, parts };
  }
  return null;
}
