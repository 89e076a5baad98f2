// Whether anything may be sent or stored. Nothing else decides that.
import { recall } from './storage';

/** `WAIT`: keep it in the memory of the page until the person decides. */
export const NO = 0;
export const WAIT = 1;
export const YES = 2;

/** Answers to questions of consent, by purpose. */
export type Answers = Record<string, boolean>;

/** Whether the browser asks not to be followed: Global Privacy Control, or Do Not Track before it. */
export function asksForPrivacy(): boolean {
  return (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl || navigator.doNotTrack === '1';
}

/**
 * Whether something may be sent.
 * @param heard what this page has heard and may not store: refusals, and answers before the decisive one.
 * @param assumed the site loads the script only after its banner has asked.
 * @param onPurpose the person sends it knowingly, as with a form.
 */
export function verdict(heard: Answers, assumed: boolean, onPurpose: boolean): number {
  const { out, consent } = recall();
  const given = { ...heard, ...consent }.analytics;
  if (out || given === false || (!onPurpose && asksForPrivacy())) return NO;
  // Who asks for privacy is taken to have agreed only if they said so.
  return given || (assumed && !asksForPrivacy()) ? YES : WAIT;
}
