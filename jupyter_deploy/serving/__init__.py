"""The runtime: a front that owns the sockets, workers that own the script. It knows nothing of Jupyter.

``python -m jupyter_deploy.serving BUNDLE_DIR --config FILE`` runs one service in the foreground.
"""
