"""The workers of a server: they load the script, call ``init()`` once and ``run()`` for each request.

They know no HTTP and no queue: what they hear is in ``serving.messages``.
"""
