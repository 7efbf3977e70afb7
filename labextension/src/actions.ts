// What the panel does: verbs of the command line, run by the server part, followed until they end.

import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Signal, type ISignal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { Problem, problemOf } from './api/client';
import type { IJob, IOutcome, IProblem } from './api/records';
import { confirmed } from './reach/names';
import type { Store } from './store';
import { copy } from './text';

/** Lab cuts the text of a notification after so many letters. */
const SHOWN = 140;
const BETWEEN = 300; // milliseconds between two looks at a job
// Codes of answers that ask a question: the same again, confirmed, goes on.
const QUESTIONS = new Set(['NeedsConfirmation', 'TooMuchToShip']);

/** The keys of what the panel lists. */
const LISTED = /^(service|endpoint|model) /;

export interface IBusy {
  what: string;
  stage: string;
  /** Ends it where that is possible; null if it is no job. */
  cancel: (() => void) | null;
}

interface INotice {
  message: string;
  type: 'error' | 'success';
  autoClose: number | false;
  actions: Notification.IAction[];
}

export interface ITold {
  ok: boolean;
  title: string;
  notes: string[];
  problem: IProblem | null;
}

export class Actions {
  constructor(
    private readonly _store: Store,
    private readonly _trans: TranslationBundle
  ) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What is being done to a service or model; undefined if nothing is. */
  busy(key: string): IBusy | undefined {
    return this._busy.get(key);
  }

  /** What came of the last thing that was done to it. */
  told(key: string): ITold | undefined {
    return this._told.get(key);
  }

  /** Say something about a service or model that is no outcome of a verb. */
  tell(key: string, title: string): void {
    this._told.set(key, { ok: true, title, notes: [], problem: null });
    this._changed.emit();
  }

  /** Say that what comes of a key is shown; what is on no screen when it ends is told in a notification. */
  watch(key: string, isSeen: () => boolean): () => void {
    const watcher = { key, isSeen };
    this._watchers.add(watcher);
    return () => void this._watchers.delete(watcher);
  }

  forget(key: string): void {
    this._told.delete(key);
    this._changed.emit();
  }

  /** Forget what came of what was done to services and models that are gone: another of that name is another one. */
  keepOnly(keys: ReadonlySet<string>): void {
    for (const key of [...this._told.keys()]) {
      if (LISTED.test(key) && !keys.has(key)) {
        this._told.delete(key);
      }
    }
  }

  /** Run a verb and keep what comes of it under a key; null if it failed, which is kept too. */
  async run(
    key: string,
    what: string,
    verb: string,
    args: Record<string, unknown>,
    sure = false
  ): Promise<IOutcome | null> {
    if (this._busy.has(key)) {
      return null;
    }
    this._told.delete(key);
    this._set(key, { what, stage: '', cancel: null });
    try {
      const outcome = await this._follow(key, what, verb, args, sure);
      this._told.set(key, { ok: true, title: outcome.sentence || what, notes: outcome.notes, problem: null });
      return outcome;
    } catch (error) {
      const problem = problemOf(error);
      this._told.set(key, { ok: false, title: problem.message, notes: [], problem });
      return null;
    } finally {
      this._busy.delete(key);
      this._changed.emit();
      if (![...this._watchers].some(one => one.key === key && one.isSeen())) {
        const { message, type, ...options } = this._notice(key, what);
        Notification.emit(message, type, options);
      }
      void this._store.refresh();
    }
  }

  /** Run a verb to its end; what goes wrong is thrown. */
  ask(verb: string, args: Record<string, unknown>): Promise<IOutcome> {
    return this._follow(null, verb, verb, args, false);
  }

  /** Run a verb that was asked for outside of the panel, and tell of it in a notification. */
  async announce(what: string, verb: string, args: Record<string, unknown>): Promise<IOutcome | null> {
    const key = `${verb} ${what}`;
    const note = Notification.emit(what, 'in-progress', { autoClose: false });
    const unwatch = this.watch(key, () => true);
    const outcome = await this.run(key, what, verb, args);
    unwatch();
    Notification.update({ id: note, ...this._notice(key, what) });
    this._told.delete(key);
    return outcome;
  }

  /** What came of something, as a notification. */
  private _notice(key: string, what: string): INotice {
    const told = this._told.get(key);
    const problem = told?.problem;
    const lines = problem ? [problem.message, problem.hint, ...problem.lines] : [told?.title ?? what, ...(told?.notes ?? [])];
    const text = lines.filter(Boolean).join('\n');
    return {
      message: text.slice(0, SHOWN),
      type: problem ? 'error' : 'success',
      autoClose: problem ? false : 6000,
      actions: [
        ...(problem?.command ? [copyAction(problem.command, this._trans)] : []),
        ...(text.length > SHOWN ? [wholeAction(what, text, this._trans)] : [])
      ]
    };
  }

  /** Run a verb to its end; what it asks first, the user is asked. */
  private async _follow(
    key: string | null,
    what: string,
    verb: string,
    args: Record<string, unknown>,
    sure: boolean
  ): Promise<IOutcome> {
    try {
      return await this._toEnd(key, what, verb, args, sure);
    } catch (error) {
      if (sure || !(error instanceof Problem) || !QUESTIONS.has(error.code)) {
        throw error;
      }
      if (await confirmed(this._trans, what, error.message, this._trans.__('Go on'))) {
        return this._toEnd(key, what, verb, args, true);
      }
      throw new Problem('refused', this._trans.__('%1: nothing was done.', what));
    }
  }

  private async _toEnd(
    key: string | null,
    what: string,
    verb: string,
    args: Record<string, unknown>,
    sure: boolean
  ): Promise<IOutcome> {
    const client = this._store.client;
    const begun = await client.verb(verb, args, sure);
    if ('outcome' in begun) {
      return begun.outcome;
    }
    // It ends in its own time: until then, this is what it does.
    let ending = '';
    const cancel = (): void => {
      ending = this._trans.__('being cancelled');
      void client.cancel(begun.job).catch(error => {
        ending = problemOf(error).message;
      });
    };
    for (;;) {
      const job = await client.job(begun.job).catch(error => {
        // A server that is not reached for a while goes on with its jobs; one that was restarted says that it has none.
        if (problemOf(error).why === 'unreachable') {
          return null;
        }
        throw error;
      });
      if (job === null) {
        if (key !== null) {
          this._set(key, { what, stage: this._trans.__('the Jupyter server does not answer'), cancel: null });
        }
        await pause();
        continue;
      }
      if (job.state === 'done') {
        return job as unknown as IOutcome;
      }
      if (job.error || job.state === 'failed' || job.state === 'cancelled') {
        throw problemOfJob(job, what, this._trans);
      }
      if (key !== null) {
        this._set(key, { what, stage: ending || job.stage, cancel });
      }
      await pause();
    }
  }

  private _set(key: string, busy: IBusy): void {
    this._busy.set(key, busy);
    this._changed.emit();
  }

  private readonly _watchers = new Set<{ key: string; isSeen: () => boolean }>();
  private readonly _busy = new Map<string, IBusy>();
  private readonly _told = new Map<string, ITold>();
  private readonly _changed = new Signal<this, void>(this);
}

/** Wait until a job is looked at again; a page in the background waits until it is in front. */
async function pause(): Promise<void> {
  await new Promise(done => setTimeout(done, BETWEEN));
  while (document.hidden) {
    await new Promise(done => document.addEventListener('visibilitychange', done, { once: true }));
  }
}

function problemOfJob(job: IJob, what: string, trans: TranslationBundle): Problem {
  const { error } = job;
  if (!error) {
    return new Problem('refused', `${what}: ${job.state === 'cancelled' ? trans.__('cancelled') : job.state}`);
  }
  return new Problem('refused', error.message, error.hint ?? '', error.command ?? '', error.lines ?? [], error.code ?? '');
}

function wholeAction(title: string, text: string, trans: TranslationBundle): Notification.IAction {
  const whole = (): void => {
    const body = new Widget();
    body.addClass('jp-ModelDeploy-whole');
    body.node.textContent = text;
    void showDialog({ title, body, buttons: [Dialog.okButton()] });
  };
  return { label: trans.__('Show all of it'), callback: whole };
}

function copyAction(command: string, trans: TranslationBundle): Notification.IAction {
  return { label: trans.__('Copy the command'), callback: () => void copy(command) };
}
