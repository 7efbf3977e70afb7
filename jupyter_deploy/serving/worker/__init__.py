"""The workers of a server: they load the script, call ``init()`` once and ``run()`` for each request.

They know nothing of HTTP or the queue: ``serving.messages`` defines all that they receive.
"""
