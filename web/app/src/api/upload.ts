/** Files on their way to the server. Browsers tell how far a file is only by the older of their two ways to send. */
import { failure, Problem } from './client.ts';

export interface Sending {
  /** How much has left, 0 to 1. */
  progress: (share: number) => void;
  /** Ends it: nothing of the file is kept. */
  signal: AbortSignal;
}

/** Sends a file as it is. Throws what `ask` would, and the signal's reason when it was ended. */
export function upload<T>(path: string, file: Blob, { progress, signal }: Sending): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const request = new XMLHttpRequest();
    const end = () => request.abort();
    signal.addEventListener('abort', end, { once: true });
    request.upload.addEventListener('progress', (event) => {
      if (event.lengthComputable && event.total) progress(event.loaded / event.total);
    });
    request.addEventListener('load', () => {
      let told: unknown = null;
      try {
        told = JSON.parse(request.responseText);
      } catch {
        // No JSON: only the status tells.
      }
      if (request.status >= 200 && request.status < 300) resolve(told as T);
      else reject(failure(request.status, request.statusText, told));
    });
    request.addEventListener('error', () => reject(new Problem(0, 'offline', '')));
    request.addEventListener('abort', () => reject(signal.reason as Error));
    request.addEventListener('loadend', () => signal.removeEventListener('abort', end));
    request.open('POST', `/api/v1${path}`);
    request.setRequestHeader('accept', 'application/json');
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.send(file);
  });
}
