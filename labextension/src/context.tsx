// What all parts of the panel use: the store, the actions, the commands and the translations.

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { ISignal } from '@lumino/signaling';
import * as React from 'react';
import type { Actions } from './actions';
import type { IStateDB } from '@jupyterlab/statedb';
import type { Store } from './store';

export interface IContext {
  store: Store;
  actions: Actions;
  commands: CommandRegistry;
  trans: TranslationBundle;
  /** Keeps small things over reloads of the page; null where there is none. */
  state: IStateDB | null;
  settings: ISettings;
}

/** The user's settings; the schema has their defaults. */
export interface ISettings {
  defaultTarget: string;
}

export const Context = React.createContext<IContext | null>(null);

export function useParts(): IContext {
  const found = React.useContext(Context);
  if (!found) {
    throw new Error('A part of the panel was drawn outside of it.');
  }
  return found;
}

/** Draw again when a signal is sent. */
export function useSignal(signal: ISignal<unknown, unknown>): void {
  const [, again] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => {
    signal.connect(again);
    return () => {
      signal.disconnect(again);
    };
  }, [signal]);
}
