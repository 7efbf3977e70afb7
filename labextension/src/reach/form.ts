// A dialog with several fields; each has a label, and what is left empty is not asked for.

import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

export interface IAsked {
  name: string;
  label: string;
  kind: 'text' | 'number' | 'flag';
  value?: string;
  placeholder?: string;
}

/** What was given, by name: a text, a whole number, or true. */
export type IGiven = Record<string, string | number | boolean>;

class Fields extends Widget implements Dialog.IBodyWidget<IGiven> {
  constructor(private readonly _asked: IAsked[]) {
    super();
    this.addClass('jp-ModelDeploy');
    this.addClass('jp-ModelDeploy-asked');
    for (const one of _asked) {
      const input = document.createElement('input');
      input.type = { text: 'text', number: 'number', flag: 'checkbox' }[one.kind];
      input.placeholder = one.placeholder ?? '';
      if (one.kind === 'flag') {
        input.checked = one.value === 'true';
      } else {
        input.value = one.value ?? '';
        input.className = 'jp-mod-styled';
      }
      const label = document.createElement('label');
      const text = document.createElement('span');
      text.textContent = one.label;
      label.append(...(one.kind === 'flag' ? [input, text] : [text, input]));
      this.node.append(label);
      this._inputs.set(one.name, input);
    }
  }

  getValue(): IGiven {
    const given: IGiven = {};
    for (const { name, kind } of this._asked) {
      const input = this._inputs.get(name);
      const text = input?.value.trim() ?? '';
      if (kind === 'flag' && input?.checked) {
        given[name] = true;
      } else if (kind !== 'flag' && text) {
        given[name] = kind === 'number' ? Math.round(Number(text)) : text;
      }
    }
    return given;
  }

  private readonly _inputs = new Map<string, HTMLInputElement>();
}

/** Ask for several things at once; null where the user cancels. */
export async function askFor(trans: TranslationBundle, title: string, asked: IAsked[], accept: string): Promise<IGiven | null> {
  const buttons = [Dialog.cancelButton({ label: trans.__('Cancel') }), Dialog.okButton({ label: accept })];
  const answer = await showDialog<IGiven>({ title, body: new Fields(asked), buttons, focusNodeSelector: 'input' });
  return answer.button.accept ? answer.value : null;
}
