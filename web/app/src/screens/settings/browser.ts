/** The browser and the system that a user agent says it is; null: it is none that people use. */
export function browser(agent: string): string | null {
  const names: [RegExp, string][] = [
    [/\bEdg\//, 'Edge'],
    [/\bOPR\//, 'Opera'],
    [/\bFirefox\//, 'Firefox'],
    [/\b(?:Headless)?Chrome\//, 'Chrome'],
    [/\bSafari\//, 'Safari'],
  ];
  const systems: [RegExp, string][] = [
    [/\bAndroid\b/, 'Android'],
    [/\b(?:iPhone|iPad)\b/, 'iOS'],
    [/\bWindows\b/, 'Windows'],
    [/\bMac OS X\b/, 'macOS'],
    [/\bLinux\b/, 'Linux'],
  ];
  const find = (list: [RegExp, string][]) => list.find(([pattern]) => pattern.test(agent))?.[1];
  const name = find(names);
  if (!name) return null;
  const system = find(systems);
  return system ? `${name}, ${system}` : name;
}
