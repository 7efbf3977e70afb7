// The lines of a service's log that are here, and how more of them come.

import { Signal, type ISignal } from '@lumino/signaling';
import { problemOf, type Client, type Problem } from '../api/client';
import type { ILogLine } from '../api/records';

const KEPT = 100_000;
const AT_ONCE = 2000;
const ORDER = 'DIWEC';

export interface IFilter {
  words: string;
  /** The lowest level that is shown. */
  level: string;
}

export class LogModel {
  problem: Problem | null = null;
  /** Whether anything has come yet. */
  isKnown = false;
  /** How many lines came and were dropped again. */
  dropped = 0;
  /** The number of the first line that is here; those before the first ones that came are below 0. */
  first = 0;
  /** How many of the lines that are shown were put above the others. */
  above = 0;

  constructor(
    private readonly _client: Client,
    readonly service: string
  ) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Whether the log has lines before those that are here, and there is room for them. */
  get hasEarlier(): boolean {
    return this._start > 0 && !this.dropped && this._lines.length + AT_ONCE <= KEPT;
  }

  get count(): number {
    return this._lines.length;
  }

  /** The lines that pass the filter. */
  get shown(): readonly ILogLine[] {
    return this._passes ? this._shown : this._lines;
  }

  filter({ words, level }: IFilter): void {
    const [wanted, lowest] = [words.toLowerCase(), ORDER.indexOf(level)];
    this._passes =
      wanted || lowest > 0
        ? line => ORDER.indexOf(line.level) >= lowest && (!wanted || line.text.toLowerCase().includes(wanted))
        : null;
    this._shown = this._passes ? this._lines.filter(this._passes) : [];
    this._changed.emit();
  }

  /** Ask for what has come since; never twice at a time. */
  async more(): Promise<void> {
    if (this._asking) {
      return;
    }
    this._asking = true;
    try {
      for (let more = true; more; ) {
        const page = await this._client.log(this.service, this._offset, AT_ONCE, this._file);
        const isNews = !this.isKnown || this.problem !== null || page.lines.length > 0 || page.rotated;
        // Lines before the first ones can be asked for as long as the log is the same file.
        this._start = this._offset < 0 ? page.start : page.rotated || page.file !== this._file ? 0 : this._start;
        this._offset = page.offset;
        this._file = page.file ?? '';
        this.isKnown = true;
        this.problem = null;
        this._take(page.lines);
        more = page.more && page.lines.length > 0;
        if (isNews) {
          this._changed.emit();
        }
      }
    } catch (error) {
      this.problem = problemOf(error);
      this._changed.emit();
    } finally {
      this._asking = false;
    }
  }

  /** Ask for lines before those that are here. */
  async earlier(): Promise<void> {
    const [start, file] = [this._start, this._file];
    try {
      const page = await this._client.earlierLog(this.service, start, AT_ONCE);
      if (start !== this._start || page.file !== file) {
        // It was asked twice, or the log was moved away: what is there now are other lines.
        return;
      }
      this._start = page.start;
      this._lines = [...page.lines, ...this._lines];
      this.first -= page.lines.length;
      const passing = this._passes ? page.lines.filter(this._passes) : page.lines;
      this._shown = this._passes ? [...passing, ...this._shown] : [];
      this.above += passing.length;
    } catch (error) {
      this.problem = problemOf(error);
    }
    this._changed.emit();
  }

  private _take(lines: ILogLine[]): void {
    if (!lines.length) {
      return;
    }
    // New arrays: what draws them compares them.
    this._lines = [...this._lines, ...lines];
    const over = this._lines.length - KEPT;
    if (over > 0) {
      this.dropped += over;
      this.first += over;
      this._lines = this._lines.slice(over);
    }
    if (this._passes) {
      this._shown = over > 0 ? this._lines.filter(this._passes) : [...this._shown, ...lines.filter(this._passes)];
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private _lines: ILogLine[] = [];
  private _shown: ILogLine[] = [];
  private _passes: ((line: ILogLine) => boolean) | null = null;
  private _offset = -1;
  /** Where the first line begins in its file; 0 if nothing before it can be asked for. */
  private _start = 0;
  private _file = '';
  private _asking = false;
}
