// The names of the commands, and the question before something is lost.

import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

export const COMMANDS = {
  panel: 'model-deploy:open-panel',
  refresh: 'model-deploy:refresh',
  log: 'model-deploy:open-log',
  invoke: 'model-deploy:invoke',
  verbs: 'model-deploy:run-verb',
  start: 'model-deploy:start',
  stop: 'model-deploy:stop',
  reload: 'model-deploy:reload',
  version: 'model-deploy:other-version',
  remove: 'model-deploy:delete',
  createEndpoint: 'model-deploy:create-endpoint',
  deployTo: 'model-deploy:deploy-to-endpoint',
  removeEndpoint: 'model-deploy:delete-endpoint',
  serve: 'model-deploy:serve-model',
  deployScript: 'model-deploy:deploy-script',
  registerFile: 'model-deploy:register-file'
} as const;

/** Ask before something is lost; the button that keeps it has the focus. */
export async function confirmed(trans: TranslationBundle, title: string, body: string, accept: string): Promise<boolean> {
  const buttons = [Dialog.cancelButton({ label: trans.__('Cancel') }), Dialog.warnButton({ label: accept })];
  const answer = await showDialog({ title, body, buttons, defaultButton: 0 });
  return answer.button.accept;
}
