/**
 * What the SDK says on the console: a code, a sentence, what was kept and what to do.
 *
 * Levels as in `setLogLevel`: 0 nothing, 1 errors and warnings, 2 also information (default), 3 also every request and reply.
 * `sessionStorage['WZRK_D']`, set to anything, means 3. docs/guide/console-codes.md lists the codes. Left out: sending logs anywhere.
 */

export interface Log {
  /** 0 to 4. */
  _level: number;
  _error(code: number | string, text: string, more?: unknown): void;
  _warn(code: number | string, text: string, more?: unknown): void;
  _info(code: number | string, text: string): void;
  _debug(text: string, more?: unknown): void;
}

type Sink = Pick<Console, 'error' | 'warn' | 'info' | 'debug'>;

/** `verbose` is asked at each line, because visitors set the switch in the middle of a page. */
export function createLog(sink: Sink, verbose: () => boolean): Log {
  const line = (code: number | string, text: string) => `Campanile ${code}: ${text}`;
  const rest = (more: unknown) => (more === undefined ? [] : [more]);
  const log: Log = {
    _level: 2,
    _error(code, text, more) {
      if (log._level >= 1) sink.error(line(code, text), ...rest(more));
    },
    _warn(code, text, more) {
      if (log._level >= 1) sink.warn(line(code, text), ...rest(more));
    },
    _info(code, text) {
      if (log._level >= 2) sink.info(line(code, text));
    },
    _debug(text, more) {
      if (log._level >= 3 || verbose()) sink.debug(`Campanile: ${text}`, ...rest(more));
    },
  };
  return log;
}

/** The switch of the documented API. */
export function verboseIn(window: Window): () => boolean {
  return () => {
    try {
      return window.sessionStorage.getItem('WZRK_D') !== null;
    } catch {
      return false; // storage is blocked: then nobody can have set it
    }
  };
}
